/* Encode: base64, hex, CRC-32 and MD5.
 *
 * Pure; safe from any thread. MD5 (RFC 1321) serves only as the hash that orders partitions; it is
 * here because loading a crypto library for it would double the start-up time. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

/* Standard alphabet with padding (RFC 4648 section 4). */
void base64_encode(struct buf *out, struct str bytes);
/* Strict: padding required, no whitespace, unused bits zero. Writes at most len/4*3 bytes to `out`
 * and gives their number, or -1. */
ptrdiff_t base64_decode(struct str text, char *out);
/* URL alphabet without padding (section 5), as in tokens and cursors. Strict as above. */
void base64url_encode(struct buf *out, struct str bytes);
ptrdiff_t base64url_decode(struct str text, char *out);

void hex_encode(struct buf *out, struct str bytes); /* lower case */
ptrdiff_t hex_decode(struct str text, char *out);   /* -1 when not hex */

uint32_t crc32_of(struct str bytes); /* IEEE, as gzip and x-amz-crc32 */

struct md5 {
    uint8_t bytes[16];
};
struct md5 md5_of(struct str first, struct str second); /* of both, joined */
