/* zlib is loaded on first use, as in wire/gzip.c, which packs bodies; here whole files are
 * streamed through it. A gzip file may have several members, one after another (RFC 1952). */
#include "dynamodb/api/bucket.h"

#include "base/library.h"
#include "base/vec.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define ZLIB_FUNCTIONS(F)                                                                          \
    F(inflateInit2_)                                                                               \
    F(inflate)                                                                                     \
    F(inflateReset) F(inflateEnd) F(deflateInit2_) F(deflate) F(deflateEnd) F(deflateBound)

struct zlib {
    ZLIB_FUNCTIONS(LIBRARY_MEMBER)
};
static const char *const zlib_names[] = {ZLIB_FUNCTIONS(LIBRARY_NAME)};

enum { WINDOW_BITS_GZIP = 15 + 16, CHUNK = 64 << 10, MAX_DEPTH = 64 };

struct bucket_file {
    int fd;
    bool is_packed, is_at_end, is_between_members;
    struct zlib zlib;
    z_stream stream;
    char *chunk; /* of the packed file */
};

/* -- paths ------------------------------------------------------------------------------------- */

static const char *path_of(struct arena *a, const char *bucket_dir, struct str bucket,
                           struct str key)
{
    struct str path = arena_printf(a, "%s/%.*s%s%.*s", bucket_dir, STR_ARG(bucket),
                                   key.len ? "/" : "", STR_ARG(key));
    return arena_z(a, path);
}

bool bucket_key_is_plain(struct str key)
{
    struct str rest = key, part;
    bool goes_on = true;
    if (memchr(key.data, 0, key.len))
        return false;
    while (goes_on) {
        goes_on = str_cut(&rest, '/', &part);
        if (!part.len || str_eq(part, S(".")) || str_eq(part, S("..")))
            return false;
    }
    return true;
}

bool bucket_exists(struct arena *a, const char *bucket_dir, struct str bucket)
{
    struct stat status;
    if (!bucket_dir || !bucket_key_is_plain(bucket))
        return false;
    return stat(path_of(a, bucket_dir, bucket, S("")), &status) == 0 && S_ISDIR(status.st_mode);
}

/* -- writing ----------------------------------------------------------------------------------- */

/* The folders of a path, from the bucket on. */
static struct error *make_folders(struct arena *a, const char *path, size_t from)
{
    char *folder = arena_alloc(a, strlen(path) + 1);
    strcpy(folder, path);
    for (char *at = strchr(folder + from, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        if (mkdir(folder, 0777) != 0 && errno != EEXIST)
            return error_errno(a, "cannot make the folder %s", folder);
        *at = '/';
    }
    return NULL;
}

static struct error *write_all(struct arena *a, int fd, const char *path, struct str bytes)
{
    while (bytes.len) {
        ssize_t written = write(fd, bytes.data, bytes.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_errno(a, "cannot write %s", path);
        bytes = str_from(bytes, (size_t)written);
    }
    return fsync(fd) == 0 ? NULL : error_errno(a, "cannot sync %s", path);
}

struct error *bucket_put(struct arena *a, const char *bucket_dir, struct str bucket, struct str key,
                         struct str bytes)
{
    const char *path = path_of(a, bucket_dir, bucket, key);
    const char *partial = arena_z(a, arena_printf(a, "%s.partial", path));
    TRY(make_folders(a, path, strlen(bucket_dir) + 1 + bucket.len + 1));
    int fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return error_errno(a, "cannot write %s", partial);
    struct error *error = write_all(a, fd, partial, bytes);
    if (close(fd) != 0 && !error)
        error = error_errno(a, "cannot write %s", partial);
    if (!error && rename(partial, path) != 0)
        error = error_errno(a, "cannot rename %s", partial);
    if (error)
        unlink(partial);
    return error;
}

/* -- listing ----------------------------------------------------------------------------------- */

struct listing {
    struct arena *arena;
    struct str prefix;
    VEC(struct str) keys;
};

static struct error *list_folder(struct listing *l, const char *path, struct str key, int depth);

static struct error *list_one(struct listing *l, const char *folder, struct str key,
                              const char *name, int depth)
{
    struct arena *a = l->arena;
    struct stat status;
    const char *path = arena_z(a, arena_printf(a, "%s/%s", folder, name));
    key = arena_printf(a, "%.*s%s%s", STR_ARG(key), key.len ? "/" : "", name);
    if (lstat(path, &status) != 0)
        return error_errno(a, "cannot look at %s", path);
    if (S_ISDIR(status.st_mode))
        return list_folder(l, path, key, depth + 1);
    if (S_ISREG(status.st_mode) && str_starts(key, l->prefix))
        VEC_PUSH(a, &l->keys, key);
    return NULL;
}

static struct error *list_folder(struct listing *l, const char *path, struct str key, int depth)
{
    if (depth > MAX_DEPTH)
        return error_new(l->arena, &error_system, "%s is nested too deep", path);
    DIR *folder = opendir(path);
    if (!folder)
        return error_errno(l->arena, "cannot list %s", path);
    struct error *error = NULL;
    struct dirent *entry;
    while (!error && (entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            error = list_one(l, path, key, entry->d_name, depth);
    }
    closedir(folder);
    return error;
}

static int order_keys(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

struct error *bucket_list(struct arena *a, const char *bucket_dir, struct str bucket,
                          struct str prefix, const struct str **keys, size_t *count)
{
    struct listing l = {.arena = a, .prefix = prefix};
    TRY(list_folder(&l, path_of(a, bucket_dir, bucket, S("")), S(""), 0));
    if (l.keys.count)
        qsort(l.keys.items, l.keys.count, sizeof *l.keys.items, order_keys);
    *keys = l.keys.items;
    *count = l.keys.count;
    return NULL;
}

/* -- reading ----------------------------------------------------------------------------------- */

static struct error *open_zlib(struct arena *a, struct zlib *out)
{
    return library_open(a, "libz.so.1", "zlib1g", zlib_names, countof(zlib_names), out);
}

static struct error *begin_unpacking(struct arena *a, struct bucket_file *f)
{
    TRY(open_zlib(a, &f->zlib));
    if (f->zlib.inflateInit2_(&f->stream, WINDOW_BITS_GZIP, ZLIB_VERSION, (int)sizeof f->stream) !=
        Z_OK)
        return error_new(a, &error_system, "zlib cannot be used");
    f->chunk = mem_alloc(CHUNK);
    f->is_packed = true;
    f->is_between_members = true; /* a file of nothing at all is one of no members */
    return NULL;
}

struct error *bucket_open(struct arena *a, const char *bucket_dir, struct str bucket,
                          struct str key, bool is_packed, struct bucket_file **out)
{
    const char *path = path_of(a, bucket_dir, bucket, key);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return error_errno(a, "cannot read %s", path);
    struct bucket_file *f = mem_zalloc(sizeof *f);
    f->fd = fd;
    struct error *error = is_packed ? begin_unpacking(a, f) : NULL;
    if (error) {
        bucket_close(f);
        return error;
    }
    *out = f;
    return NULL;
}

static struct error *read_some(struct arena *a, struct bucket_file *f, char *to, size_t room,
                               size_t *len)
{
    ssize_t got;
    do {
        got = read(f->fd, to, room);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_errno(a, "cannot read a file");
    f->is_at_end = got == 0;
    *len = (size_t)got;
    return NULL;
}

static struct error *damaged(struct arena *a)
{
    return error_new(a, &error_system, "a gzip file cannot be unpacked");
}

/* One step of inflate, with more of the file when that is needed. */
static struct error *unpack_some(struct arena *a, struct bucket_file *f, char *to, size_t room,
                                 size_t *len)
{
    z_stream *z = &f->stream;
    if (!z->avail_in) {
        size_t got;
        TRY(read_some(a, f, f->chunk, CHUNK, &got));
        z->next_in = (Bytef *)f->chunk;
        z->avail_in = (uInt)got;
        if (!got)
            return f->is_between_members ? NULL : damaged(a);
    }
    if (f->is_between_members && f->zlib.inflateReset(z) != Z_OK)
        return damaged(a);
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)room;
    int state = f->zlib.inflate(z, Z_NO_FLUSH);
    *len = room - z->avail_out;
    f->is_between_members = state == Z_STREAM_END;
    return state == Z_OK || state == Z_STREAM_END || state == Z_BUF_ERROR ? NULL : damaged(a);
}

struct error *bucket_read(struct arena *a, struct bucket_file *f, struct buf *out, bool *is_end)
{
    char *at = buf_reserve(out, CHUNK);
    size_t len = 0;
    assert(at); /* the caller keeps room */
    TRY(f->is_packed ? unpack_some(a, f, at, CHUNK, &len) : read_some(a, f, at, CHUNK, &len));
    out->len += len;
    *is_end = f->is_at_end;
    return NULL;
}

void bucket_close(struct bucket_file *f)
{
    if (!f)
        return;
    if (f->is_packed)
        f->zlib.inflateEnd(&f->stream);
    close(f->fd);
    free(f->chunk);
    free(f);
}

struct error *bucket_pack(struct arena *a, struct str bytes, struct buf *out)
{
    struct zlib zlib;
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes.data, .avail_in = (uInt)bytes.len};
    TRY(open_zlib(a, &zlib));
    if (zlib.deflateInit2_(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS_GZIP, 8,
                           Z_DEFAULT_STRATEGY, ZLIB_VERSION, (int)sizeof z) != Z_OK)
        return error_new(a, &error_system, "zlib cannot be used");
    size_t room = zlib.deflateBound(&z, bytes.len);
    char *at = buf_reserve(out, room);
    z.next_out = (Bytef *)at;
    z.avail_out = (uInt)room;
    int state = at ? zlib.deflate(&z, Z_FINISH) : Z_BUF_ERROR;
    if (state == Z_STREAM_END)
        out->len += room - z.avail_out;
    zlib.deflateEnd(&z);
    return state == Z_STREAM_END ? NULL : error_new(a, &error_system, "zlib cannot pack");
}
