/* Gzip: bodies of requests and answers, compressed (RFC 1950, 1952).
 *
 * zlib is loaded on first use, since most clients never ask for it. Safe from any thread. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "dynamodb/wire/coding.h"

struct gzip;

struct gzip *gzip_new(void);
void gzip_free(struct gzip *gzip);

/* Appends the unpacked bytes to `out`, whose maximum bounds them. Several gzip members are one
 * text; what else follows is left alone, as the service does. Damaged, cut short or too large input
 * is an InternalServerError, which the service takes it for. */
MUST_USE struct error *gzip_unpack(struct gzip *gzip, struct arena *a, enum coding coding,
                                   struct str packed, struct buf *out);
/* False when zlib is not there or `out` is full: the bytes go as they are. */
MUST_USE bool gzip_pack(struct gzip *gzip, struct arena *a, enum coding coding, struct str bytes,
                        struct buf *out);
