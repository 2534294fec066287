#include "dynamodb/wire/gzip.h"

#include "base/library.h"
#include "base/log.h"
#include "dynamodb/model/errors.h"

#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

#define ZLIB_FUNCTIONS(F)                                                                          \
    F(inflateInit2_)                                                                               \
    F(inflate) F(inflateReset) F(inflateEnd) F(deflateInit2_) F(deflate) F(deflateEnd)

struct zlib {
    ZLIB_FUNCTIONS(LIBRARY_MEMBER)
};
static const char *const zlib_names[] = {ZLIB_FUNCTIONS(LIBRARY_NAME)};

/* zlib's way to say: with a gzip header, or with its own. */
static int window_bits(enum coding coding)
{
    return coding == CODING_GZIP ? 15 + 16 : 15;
}

struct gzip {
    pthread_mutex_t lock; /* guards the first use */
    bool is_open;
    struct zlib zlib;
};

struct gzip *gzip_new(void)
{
    struct gzip *gzip = mem_zalloc(sizeof *gzip);
    pthread_mutex_init(&gzip->lock, NULL);
    return gzip;
}

void gzip_free(struct gzip *gzip)
{
    if (!gzip)
        return;
    pthread_mutex_destroy(&gzip->lock);
    free(gzip);
}

static struct error *open_zlib(struct gzip *gzip, struct arena *a)
{
    struct error *e = NULL;
    pthread_mutex_lock(&gzip->lock);
    if (!gzip->is_open) {
        e = library_open(a, "libz.so.1", "zlib1g", zlib_names, countof(zlib_names), &gzip->zlib);
        gzip->is_open = !e;
    }
    pthread_mutex_unlock(&gzip->lock);
    return e;
}

/* zlib reads through a pointer that is not const. */
static Bytef *zlib_input(struct str bytes)
{
    return (Bytef *)(uintptr_t)bytes.data;
}

static struct error *damaged(struct arena *a)
{
    return error_new(a, &error_InternalServerError, "The body cannot be unpacked");
}

/* Whether another gzip member follows the one that has ended. */
static bool has_more(const z_stream *z, enum coding coding)
{
    return coding == CODING_GZIP && z->avail_in > 2 && z->next_in[0] == 0x1f &&
           z->next_in[1] == 0x8b;
}

struct error *gzip_unpack(struct gzip *gzip, struct arena *a, enum coding coding, struct str packed,
                          struct buf *out)
{
    TRY(open_zlib(gzip, a));
    z_stream z = {.next_in = zlib_input(packed), .avail_in = (uInt)packed.len};
    if (gzip->zlib.inflateInit2_(&z, window_bits(coding), ZLIB_VERSION, (int)sizeof z) != Z_OK)
        return damaged(a);
    int state = Z_OK;
    while (state == Z_OK) {
        size_t room = out->max - out->len;
        if (room > 64 << 10)
            room = 64 << 10;
        char *at = room ? buf_reserve(out, room) : NULL;
        if (!at)
            break;
        z.next_out = (Bytef *)at;
        z.avail_out = (uInt)room;
        state = gzip->zlib.inflate(&z, Z_NO_FLUSH);
        out->len += room - z.avail_out;
        if (state == Z_STREAM_END && has_more(&z, coding))
            state = gzip->zlib.inflateReset(&z);
    }
    gzip->zlib.inflateEnd(&z);
    return state == Z_STREAM_END ? NULL : damaged(a);
}

bool gzip_pack(struct gzip *gzip, struct arena *a, enum coding coding, struct str bytes,
               struct buf *out)
{
    struct error *e = open_zlib(gzip, a);
    if (e) {
        log_warn("wire: %.*s; answers go uncompressed", STR_ARG(e->message));
        return false;
    }
    z_stream z = {.next_in = zlib_input(bytes), .avail_in = (uInt)bytes.len};
    if (gzip->zlib.deflateInit2_(&z, Z_BEST_SPEED, Z_DEFLATED, window_bits(coding), 8,
                                 Z_DEFAULT_STRATEGY, ZLIB_VERSION, (int)sizeof z) != Z_OK)
        return false;
    /* Worth it only when it gets smaller: the room is what there was. */
    char *at = buf_reserve(out, bytes.len);
    int state = Z_BUF_ERROR;
    if (at) {
        z.next_out = (Bytef *)at;
        z.avail_out = (uInt)bytes.len;
        state = gzip->zlib.deflate(&z, Z_FINISH);
        out->len += bytes.len - z.avail_out;
    }
    gzip->zlib.deflateEnd(&z);
    return state == Z_STREAM_END;
}
