/* Chunked: reads a body in the chunked transfer coding (RFC 9112 section 7.1) as its bytes arrive.
 *
 * Called by conn.c. Extensions and trailer fields are checked and dropped; both are limited. The
 * body grows in the caller's buf, whose maximum is the limit on bodies: a chunk that would pass it
 * is refused when its size is read. Errors are of the kinds in parse.h. Pure. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/* Limits for what a chunked body carries beside its data, summed over the body. */
#define HTTP_MAX_EXTENSION_BYTES 4096
#define HTTP_MAX_TRAILER_BYTES 8192

enum http_chunk_state {
    CHUNK_SIZE_START,
    CHUNK_SIZE,
    CHUNK_SPACE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_FEED,
    CHUNK_DATA,
    CHUNK_DATA_RETURN,
    CHUNK_DATA_FEED,
    CHUNK_TRAILER_START,
    CHUNK_TRAILER_NAME,
    CHUNK_TRAILER_VALUE,
    CHUNK_TRAILER_FEED,
    CHUNK_END_FEED,
    CHUNK_DONE,
};

/* Starts as zeroes. */
struct http_chunked {
    enum http_chunk_state state;
    uint64_t left; /* of the chunk at hand */
    size_t extension_bytes, trailer_bytes;
};

/* Reads `bytes`, the ones behind those of the last call; *used is how many belonged to the body:
 * all of them unless its state is CHUNK_DONE afterwards. */
MUST_USE struct error *http_chunked_read(struct arena *a, struct http_chunked *c, struct str bytes,
                                         struct buf *body, size_t *used);
