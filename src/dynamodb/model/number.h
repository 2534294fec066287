/* Number: DynamoDB's decimal of 38 significant digits, in one canonical form that sorts.
 *
 * Encoded, 1 to NUMBER_MAX_BYTES bytes: memcmp of two encodings orders them by value, equal values
 * have equal bytes, and no encoding is a prefix of another (a key needs no length). The layout is
 * drawn in number.c. Magnitudes: 1E-130 to 9.99…9E+125 (38 nines), and zero.
 * Source: AWS "Naming rules and data types", Number. Pure. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define NUMBER_MAX_BYTES 24

struct number {
    uint8_t len;
    uint8_t bytes[NUMBER_MAX_BYTES];
};

static inline struct str number_str(const struct number *n)
{
    return (struct str){(const char *)n->bytes, n->len};
}

/* Errors are the service's: "The parameter cannot be converted to a numeric value: …", "Attempting
 * to store more than 38 significant digits in a Number", "Number overflow. Attempting to store a
 * number with magnitude larger than supported range", "Number underflow. …". */
MUST_USE struct error *number_parse(struct arena *a, struct str text, struct number *out);
/* What the service's older operations say of a text that number_parse refuses. They read it with
 * Java's BigDecimal, whose exponent is an int: 1e2147483648 is no number for them, and the range of
 * 1e2147483647 wraps to an underflow (recorded by the public conformance suite, October 2026). */
struct error *number_older_error(struct arena *a, struct str text);
void number_from_u64(uint64_t integer, struct number *out);
/* As the service prints it: plain digits, no exponent, no trailing zeros. */
void number_print(struct buf *out, struct str encoded);
/* For an encoded number at the start of bytes: how long it is; 0 when the bytes are damaged. */
size_t number_encoded_len(struct str bytes);
/* Bytes the service counts for it: about one for two digits, plus one. */
size_t number_size(struct str encoded);
/* Sum and difference, exact; the error is overflow, also for more than 38 digits: the service has
 * no other word for it (ScyllaDB Alternator's test_number.py). */
MUST_USE struct error *number_add(struct arena *a, struct str x, struct str y, struct number *out);
MUST_USE struct error *number_subtract(struct arena *a, struct str x, struct str y,
                                       struct number *out);
