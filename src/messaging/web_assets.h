/* Web assets: the files of web/, compiled in. The .c is generated at build time by embed.c. */
#pragma once

#include "base/str.h"

struct web_asset {
    struct str name; /* "index.html" */
    struct str type; /* "text/html; charset=utf-8" */
    struct str content;
};

extern const struct web_asset web_assets[];
extern const size_t web_asset_count;
