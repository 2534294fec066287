/* The store on disk: RocksDB through its C API, the only file that knows of it.
 *
 * The library is loaded when the first folder is opened: a process in memory neither maps nor
 * starts it. Its file name holds its version, 7.8, so an older one is never taken: before 7.8
 * parallel writes at the log's tail could be left unsynced (facebook/rocksdb issue 10560).
 *
 * 1. One column family; spaces are told apart by the key's first byte (key.h).
 * 2. Writes go to the operating system at once (never manual_wal_flush) and to the disk by
 *    rocksdb_flush_wal; no write asks for a sync of its own, as the two together have damaged logs
 *    (issue 7576).
 * 3. Recovery stops at the first damaged place of the log (mode 2): what is there is a prefix of
 *    what was written.
 * 4. Closing flushes, so that no log is replayed at the next start; not after a failure, when what
 *    is in memory may be more than what was acknowledged.
 * 5. Values and error texts of the library end here: they leave as arena memory. */
#include "base/library.h"
#include "dynamodb/storage/kv.h"
#include "dynamodb/storage/kv_ops.h"

#include <errno.h>
#include <malloc.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
#define ROCKS_FUNCTIONS(F) \
    F(rocksdb_open) F(rocksdb_close) F(rocksdb_free) F(rocksdb_write) F(rocksdb_flush) \
    F(rocksdb_flush_wal) F(rocksdb_get_pinned) F(rocksdb_pinnableslice_value) \
    F(rocksdb_pinnableslice_destroy) F(rocksdb_create_snapshot) F(rocksdb_release_snapshot) \
    F(rocksdb_create_iterator) F(rocksdb_iter_destroy) F(rocksdb_iter_valid) \
    F(rocksdb_iter_seek_to_first) F(rocksdb_iter_seek_to_last) F(rocksdb_iter_next) \
    F(rocksdb_iter_prev) F(rocksdb_iter_key) F(rocksdb_iter_value) F(rocksdb_iter_get_error) \
    F(rocksdb_writebatch_create) F(rocksdb_writebatch_destroy) F(rocksdb_writebatch_clear) \
    F(rocksdb_writebatch_put) F(rocksdb_writebatch_delete) F(rocksdb_writebatch_delete_range) \
    F(rocksdb_readoptions_create) F(rocksdb_readoptions_destroy) \
    F(rocksdb_readoptions_set_snapshot) F(rocksdb_readoptions_set_iterate_lower_bound) \
    F(rocksdb_readoptions_set_iterate_upper_bound) F(rocksdb_readoptions_set_fill_cache) \
    F(rocksdb_writeoptions_create) F(rocksdb_writeoptions_destroy) \
    F(rocksdb_flushoptions_create) F(rocksdb_flushoptions_destroy) \
    F(rocksdb_options_create) F(rocksdb_options_destroy) \
    F(rocksdb_options_set_create_if_missing) F(rocksdb_options_set_write_buffer_size) \
    F(rocksdb_options_set_max_write_buffer_number) F(rocksdb_options_set_arena_block_size) \
    F(rocksdb_options_set_max_background_jobs) F(rocksdb_options_set_max_open_files) \
    F(rocksdb_options_set_max_file_opening_threads) F(rocksdb_options_set_stats_dump_period_sec) \
    F(rocksdb_options_set_stats_persist_period_sec) \
    F(rocksdb_options_set_skip_stats_update_on_db_open) F(rocksdb_options_set_info_log_level) \
    F(rocksdb_options_set_keep_log_file_num) F(rocksdb_options_set_table_cache_numshardbits) \
    F(rocksdb_options_set_compression) F(rocksdb_options_set_wal_recovery_mode) \
    F(rocksdb_options_set_allow_concurrent_memtable_write) \
    F(rocksdb_options_set_max_bytes_for_level_base) \
    F(rocksdb_options_set_level_compaction_dynamic_level_bytes) \
    F(rocksdb_options_set_skip_checking_sst_file_sizes_on_db_open) \
    F(rocksdb_options_set_manifest_preallocation_size) \
    F(rocksdb_options_set_avoid_unnecessary_blocking_io) \
    F(rocksdb_options_set_block_based_table_factory) \
    F(rocksdb_block_based_options_create) F(rocksdb_block_based_options_destroy) \
    F(rocksdb_block_based_options_set_block_cache) \
    F(rocksdb_block_based_options_set_filter_policy) \
    F(rocksdb_filterpolicy_create_bloom_full) F(rocksdb_cache_create_lru) F(rocksdb_cache_destroy)
/* clang-format on */

static const char *const rocks_names[] = {ROCKS_FUNCTIONS(LIBRARY_NAME)};

struct functions {
    ROCKS_FUNCTIONS(LIBRARY_MEMBER)
};

struct rocks {
    struct kv base;
    struct functions f;
    rocksdb_t *db;
    rocksdb_readoptions_t *newest; /* for reads without a snapshot */
    rocksdb_writeoptions_t *unsynced;
    _Atomic bool has_failed;
};

struct read {
    struct kv_read base;
    struct rocks *rocks;
    const rocksdb_snapshot_t *snapshot; /* or NULL */
    rocksdb_readoptions_t *options;     /* its own when there is a snapshot */
};

struct cursor {
    struct kv_cursor base;
    struct rocks *rocks;
    struct arena *arena;
    struct str low, high; /* the library does not copy bounds */
    rocksdb_readoptions_t *options;
    rocksdb_iterator_t *iterator;
    bool is_forward, has_started;
};

struct batch {
    struct kv_batch base;
    struct rocks *rocks;
    rocksdb_writebatch_t *list;
};

enum { INFO_LOG_FATAL = 4, RECOVERY_POINT_IN_TIME = 2, BLOOM_BITS = 10 };
#define DEFAULT_CACHE_BYTES (4u << 20)

/* The library's text as an error of ours; NULL when there is none. */
static struct error *take_error(struct rocks *r, struct arena *a, char *text)
{
    if (!text)
        return NULL;
    struct error *error = error_new(a, &error_system, "RocksDB: %s", text);
    r->f.rocksdb_free(text);
    return error;
}

static struct str view(const char *data, size_t len)
{
    return (struct str){len ? data : "", len};
}

/* -- reading ------------------------------------------------------------------------------------
 */

static const struct kv_ops rocks_ops;

static struct kv_read *read_begin(struct kv *kv, bool needs_snapshot)
{
    struct rocks *r = (struct rocks *)kv;
    struct read *read = mem_zalloc(sizeof *read);
    read->base.ops = &rocks_ops;
    read->rocks = r;
    read->options = r->newest;
    if (needs_snapshot) {
        read->snapshot = r->f.rocksdb_create_snapshot(r->db);
        read->options = r->f.rocksdb_readoptions_create();
        r->f.rocksdb_readoptions_set_snapshot(read->options, read->snapshot);
    }
    return &read->base;
}

static void read_end(struct kv_read *kv_read)
{
    struct read *read = (struct read *)kv_read;
    struct rocks *r = read->rocks;
    if (read->snapshot) {
        r->f.rocksdb_readoptions_destroy(read->options);
        r->f.rocksdb_release_snapshot(r->db, read->snapshot);
    }
    free(read);
}

static struct error *get(struct kv_read *kv_read, struct arena *a, struct str key,
                         struct str *value, bool *found)
{
    struct read *read = (struct read *)kv_read;
    struct rocks *r = read->rocks;
    char *text = NULL;
    rocksdb_pinnableslice_t *slice =
        r->f.rocksdb_get_pinned(r->db, read->options, key.data, key.len, &text);
    *found = slice != NULL;
    *value = view(NULL, 0);
    if (slice) {
        size_t len;
        const char *data = r->f.rocksdb_pinnableslice_value(slice, &len);
        *value = arena_str(a, view(data, len));
        r->f.rocksdb_pinnableslice_destroy(slice);
    }
    return take_error(r, a, text);
}

static struct error *cursor_open(struct kv_read *kv_read, struct arena *a,
                                 const struct kv_span *span, struct kv_cursor **out)
{
    struct read *read = (struct read *)kv_read;
    struct rocks *r = read->rocks;
    struct cursor *c = arena_new(a, struct cursor);
    *c = (struct cursor){
        .base.ops = &rocks_ops,
        .rocks = r,
        .arena = a,
        .low = arena_str(a, span->low),
        .high = arena_str(a, span->high),
        .is_forward = span->is_forward,
    };
    c->options = r->f.rocksdb_readoptions_create();
    if (read->snapshot)
        r->f.rocksdb_readoptions_set_snapshot(c->options, read->snapshot);
    r->f.rocksdb_readoptions_set_fill_cache(c->options, !span->is_walk);
    r->f.rocksdb_readoptions_set_iterate_lower_bound(c->options, c->low.data, c->low.len);
    if (c->high.len)
        r->f.rocksdb_readoptions_set_iterate_upper_bound(c->options, c->high.data, c->high.len);
    c->iterator = r->f.rocksdb_create_iterator(r->db, c->options);
    *out = &c->base;
    return NULL;
}

/* The first step stays within the bounds by the iterator's own care. */
static void step(struct cursor *c)
{
    const struct functions *f = &c->rocks->f;
    if (!c->has_started && c->is_forward)
        f->rocksdb_iter_seek_to_first(c->iterator);
    else if (!c->has_started)
        f->rocksdb_iter_seek_to_last(c->iterator);
    else if (c->is_forward)
        f->rocksdb_iter_next(c->iterator);
    else
        f->rocksdb_iter_prev(c->iterator);
    c->has_started = true;
}

static struct error *cursor_next(struct kv_cursor *cursor, struct str *key, struct str *value,
                                 bool *found)
{
    struct cursor *c = (struct cursor *)cursor;
    struct rocks *r = c->rocks;
    *found = false;
    if (c->has_started && !r->f.rocksdb_iter_valid(c->iterator))
        return NULL; /* at the end already */
    step(c);
    if (!r->f.rocksdb_iter_valid(c->iterator)) {
        char *text = NULL;
        r->f.rocksdb_iter_get_error(c->iterator, &text);
        return take_error(r, c->arena, text);
    }
    size_t len;
    const char *data;
    if (key) {
        data = r->f.rocksdb_iter_key(c->iterator, &len);
        *key = view(data, len);
    }
    data = r->f.rocksdb_iter_value(c->iterator, &len);
    *value = view(data, len);
    *found = true;
    return NULL;
}

static void cursor_close(struct kv_cursor *cursor)
{
    struct cursor *c = (struct cursor *)cursor;
    c->rocks->f.rocksdb_iter_destroy(c->iterator);
    c->rocks->f.rocksdb_readoptions_destroy(c->options);
}

/* -- writing ------------------------------------------------------------------------------------
 */

static struct kv_batch *batch_new(struct kv *kv)
{
    struct rocks *r = (struct rocks *)kv;
    struct batch *b = mem_zalloc(sizeof *b);
    *b = (struct batch){{&rocks_ops}, r, r->f.rocksdb_writebatch_create()};
    return &b->base;
}

static void batch_free(struct kv_batch *batch)
{
    struct batch *b = (struct batch *)batch;
    b->rocks->f.rocksdb_writebatch_destroy(b->list);
    free(b);
}

static void batch_reset(struct kv_batch *batch)
{
    struct batch *b = (struct batch *)batch;
    b->rocks->f.rocksdb_writebatch_clear(b->list);
}

static void batch_put(struct kv_batch *batch, struct str key, struct str value)
{
    struct batch *b = (struct batch *)batch;
    b->rocks->f.rocksdb_writebatch_put(b->list, key.data, key.len, value.data, value.len);
}

static void batch_delete(struct kv_batch *batch, struct str key)
{
    struct batch *b = (struct batch *)batch;
    b->rocks->f.rocksdb_writebatch_delete(b->list, key.data, key.len);
}

static void batch_delete_range(struct kv_batch *batch, struct str low, struct str high)
{
    struct batch *b = (struct batch *)batch;
    b->rocks->f.rocksdb_writebatch_delete_range(b->list, low.data, low.len, high.data, high.len);
}

static struct error *write_batch(struct kv *kv, struct arena *a, struct kv_batch *batch)
{
    struct rocks *r = (struct rocks *)kv;
    char *text = NULL;
    r->f.rocksdb_write(r->db, r->unsynced, ((struct batch *)batch)->list, &text);
    if (text)
        atomic_store(&r->has_failed, true);
    return take_error(r, a, text);
}

static struct error *sync_log(struct kv *kv, struct arena *a)
{
    struct rocks *r = (struct rocks *)kv;
    char *text = NULL;
    r->f.rocksdb_flush_wal(r->db, 1, &text);
    if (text)
        atomic_store(&r->has_failed, true);
    return take_error(r, a, text);
}

/* -- opening and closing ------------------------------------------------------------------------
 */

static void rocks_close(struct kv *kv)
{
    struct rocks *r = (struct rocks *)kv;
    if (!atomic_load(&r->has_failed)) {
        char *text = NULL;
        rocksdb_flushoptions_t *options = r->f.rocksdb_flushoptions_create();
        r->f.rocksdb_flush(r->db, options, &text); /* what fails here is in the log all the same */
        r->f.rocksdb_flushoptions_destroy(options);
        r->f.rocksdb_free(text);
    }
    r->f.rocksdb_close(r->db);
    r->f.rocksdb_readoptions_destroy(r->newest);
    r->f.rocksdb_writeoptions_destroy(r->unsynced);
    free(r);
}

static const struct kv_ops rocks_ops = {
    .close = rocks_close,
    .read_begin = read_begin,
    .read_end = read_end,
    .get = get,
    .cursor_open = cursor_open,
    .cursor_next = cursor_next,
    .cursor_close = cursor_close,
    .batch_new = batch_new,
    .batch_free = batch_free,
    .batch_reset = batch_reset,
    .batch_put = batch_put,
    .batch_delete = batch_delete,
    .batch_delete_range = batch_delete_range,
    .write = write_batch,
    .sync = sync_log,
    .is_persistent = true,
};

static struct error *make_directory(struct arena *a, const char *directory)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return error_errno(a, "%s cannot be made", directory);
    struct stat status;
    if (stat(directory, &status) != 0)
        return error_errno(a, "%s cannot be opened", directory);
    if (!S_ISDIR(status.st_mode))
        return error_new(a, &error_system, "%s is not a directory", directory);
    if (access(directory, R_OK | W_OK | X_OK) != 0)
        return error_errno(a, "%s cannot be written to", directory);
    return NULL;
}

/* Indexes and filters stay out of the cache, with their open files (about 2 % of the data): a large
 * index block in a small cache was read and unpacked anew for each get, 40 times slower. */
static void set_tables(const struct functions *f, rocksdb_options_t *o, size_t cache_bytes)
{
    rocksdb_block_based_table_options_t *tables = f->rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = f->rocksdb_cache_create_lru(cache_bytes);
    f->rocksdb_block_based_options_set_block_cache(tables, cache);
    f->rocksdb_block_based_options_set_filter_policy(
        tables, f->rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS)); /* taken */
    f->rocksdb_options_set_block_based_table_factory(o, tables);
    f->rocksdb_cache_destroy(cache); /* the tables share it */
    f->rocksdb_block_based_options_destroy(tables);
}

/* The library's threads take and give back large pieces: what is free goes back to the system, and
 * two heaps are enough for all of us. */
static void settle_heap(void)
{
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 256 << 10);
}

/* Small at rest: a laptop runs this beside everything else. */
static rocksdb_options_t *make_options(const struct functions *f, size_t cache_bytes)
{
    rocksdb_options_t *o = f->rocksdb_options_create();
    f->rocksdb_options_set_create_if_missing(o, 1);
    f->rocksdb_options_set_write_buffer_size(o, 4u << 20);
    f->rocksdb_options_set_max_write_buffer_number(o, 3);
    f->rocksdb_options_set_arena_block_size(o, 64u << 10);
    f->rocksdb_options_set_max_background_jobs(o, 2);
    f->rocksdb_options_set_max_open_files(o, 256);
    f->rocksdb_options_set_max_file_opening_threads(o, 1);
    f->rocksdb_options_set_stats_dump_period_sec(o, 0);
    f->rocksdb_options_set_stats_persist_period_sec(o, 0);
    f->rocksdb_options_set_skip_stats_update_on_db_open(o, 1);
    f->rocksdb_options_set_skip_checking_sst_file_sizes_on_db_open(o, 1);
    f->rocksdb_options_set_allow_concurrent_memtable_write(o, 0); /* commit.c writes one by one */
    f->rocksdb_options_set_max_bytes_for_level_base(o, 64u << 20);
    f->rocksdb_options_set_level_compaction_dynamic_level_bytes(o, 1);
    /* A few lines for each flush; 4 MB would be laid out at each start. */
    f->rocksdb_options_set_manifest_preallocation_size(o, 64u << 10);
    /* The last reader of an old file leaves its removal to the library's threads: it is a loop. */
    f->rocksdb_options_set_avoid_unnecessary_blocking_io(o, 1);
    /* Not even errors go to the library's own log file: it lies on the same disk, and when that is
     * full a second write to it fails an assertion (writable_file_writer.h). We log them. */
    f->rocksdb_options_set_info_log_level(o, INFO_LOG_FATAL);
    f->rocksdb_options_set_keep_log_file_num(o, 1);
    f->rocksdb_options_set_table_cache_numshardbits(o, 2);
    f->rocksdb_options_set_compression(o, rocksdb_lz4_compression);
    f->rocksdb_options_set_wal_recovery_mode(o, RECOVERY_POINT_IN_TIME);
    set_tables(f, o, cache_bytes);
    return o;
}

/* The library says it in its own words; there is no code to ask for. */
static struct error *open_error(struct rocks *r, struct arena *a, const char *directory, char *text)
{
    if (!strstr(text, "lock hold") && !strstr(text, "lock file"))
        return take_error(r, a, text);
    r->f.rocksdb_free(text);
    return error_new(
        a, &error_system,
        "%s is in use by another process: end that one, or give another folder with --data",
        directory);
}

struct error *kv_rocks_open(struct arena *a, const struct kv_rocks_options *options,
                            struct kv **out)
{
    TRY(make_directory(a, options->directory));
    struct functions functions;
    TRY(library_open(a, "librocksdb.so.7.8", "librocksdb7.8", rocks_names, countof(rocks_names),
                     &functions));
    settle_heap();
    struct rocks *r = mem_zalloc(sizeof *r);
    r->base.ops = &rocks_ops;
    r->f = functions;
    char *text = NULL;
    rocksdb_options_t *o =
        make_options(&r->f, options->cache_bytes ? options->cache_bytes : DEFAULT_CACHE_BYTES);
    r->db = r->f.rocksdb_open(o, options->directory, &text);
    r->f.rocksdb_options_destroy(o);
    if (text) {
        struct error *error = open_error(r, a, options->directory, text);
        free(r);
        return error;
    }
    r->newest = r->f.rocksdb_readoptions_create();
    r->unsynced = r->f.rocksdb_writeoptions_create();
    *out = &r->base;
    return NULL;
}
