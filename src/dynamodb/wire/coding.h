/* Coding: how a body is packed (RFC 9110, content codings).
 *
 * Called by wire.c for the headers Content-Encoding and Accept-Encoding. Pure. */
#pragma once

#include "base/str.h"

enum coding {
    CODING_NONE,
    CODING_GZIP,
    CODING_DEFLATE, /* a zlib stream (RFC 1950), as RFC 9110 has it */
    CODING_UNKNOWN,
};

/* What a request's Content-Encoding says. */
enum coding coding_of(struct str content_encoding);
/* What an answer may be packed with, as the service chooses among those of Accept-Encoding. */
enum coding coding_accepted(struct str accept_encoding);
/* "gzip", "deflate"; empty for others. */
struct str coding_name(enum coding coding);
