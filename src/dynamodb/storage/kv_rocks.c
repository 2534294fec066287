/* The store on disk: RocksDB through its C API, the only file that knows of it.
 *
 * The library is loaded when the first folder is opened: a process in memory neither maps nor
 * starts it. Its file name holds its version, 7.8: the one whose ways are known here.
 *
 * The library keeps a sorted table in memory and makes files of it; the log of what is in no file
 * yet is our own (wal.h), because the library's costs each write a system call, and each sync the
 * file system's journal.
 *
 * 1. One column family; spaces are told apart by the key's first byte (key.h).
 * 2. Each batch is one record of the log, in the library's own form, and writes its number under
 *    WAL_KEY. The library makes its files in the order of writes. So whatever the newest file holds
 *    is a prefix of what was written, WAL_KEY in it says up to where, and the log goes on there.
 * 3. That prefix may be longer than the log, when a file was made before a sync: then nothing is
 *    replayed. It never holds less than what was synced.
 * 4. Loops write to memory only. When the library is behind with its files, it is the commit thread
 *    that waits (hold_back), and with it the answers of those who write, not those who read.
 * 5. A file that could not be made fails the next sync: the first failure is final (commit.c).
 * 6. Closing flushes, so that no log is replayed at the next start.
 * 7. Values and error texts of the library end here: they leave as arena memory. */
#include "base/library.h"
#include "base/rand.h"
#include "dynamodb/storage/integers.h"
#include "dynamodb/storage/kv.h"
#include "dynamodb/storage/kv_ops.h"
#include "dynamodb/storage/wal.h"

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
    F(rocksdb_get_pinned) F(rocksdb_pinnableslice_value) \
    F(rocksdb_pinnableslice_destroy) F(rocksdb_create_snapshot) F(rocksdb_release_snapshot) \
    F(rocksdb_create_iterator) F(rocksdb_iter_destroy) F(rocksdb_iter_valid) \
    F(rocksdb_iter_seek_to_first) F(rocksdb_iter_seek_to_last) F(rocksdb_iter_next) \
    F(rocksdb_iter_prev) F(rocksdb_iter_key) F(rocksdb_iter_value) F(rocksdb_iter_get_error) \
    F(rocksdb_writebatch_create) F(rocksdb_writebatch_destroy) F(rocksdb_writebatch_clear) \
    F(rocksdb_writebatch_create_from) F(rocksdb_writebatch_data) \
    F(rocksdb_writebatch_put) F(rocksdb_writebatch_delete) F(rocksdb_writebatch_delete_range) \
    F(rocksdb_readoptions_create) F(rocksdb_readoptions_destroy) \
    F(rocksdb_readoptions_set_snapshot) F(rocksdb_readoptions_set_iterate_lower_bound) \
    F(rocksdb_readoptions_set_iterate_upper_bound) F(rocksdb_readoptions_set_read_tier) \
    F(rocksdb_readoptions_set_fill_cache) \
    F(rocksdb_writeoptions_create) F(rocksdb_writeoptions_destroy) \
    F(rocksdb_writeoptions_disable_WAL) F(rocksdb_property_int) F(rocksdb_property_value) \
    F(rocksdb_flushoptions_create) F(rocksdb_flushoptions_destroy) \
    F(rocksdb_options_create) F(rocksdb_options_destroy) \
    F(rocksdb_options_set_create_if_missing) F(rocksdb_options_set_write_buffer_size) \
    F(rocksdb_options_set_max_write_buffer_number) F(rocksdb_options_set_arena_block_size) \
    F(rocksdb_options_set_max_background_jobs) F(rocksdb_options_set_max_open_files) \
    F(rocksdb_options_set_max_file_opening_threads) F(rocksdb_options_set_stats_dump_period_sec) \
    F(rocksdb_options_set_stats_persist_period_sec) \
    F(rocksdb_options_set_skip_stats_update_on_db_open) F(rocksdb_options_set_info_log_level) \
    F(rocksdb_options_set_keep_log_file_num) F(rocksdb_options_set_table_cache_numshardbits) \
    F(rocksdb_options_set_memtable_prefix_bloom_size_ratio) \
    F(rocksdb_options_set_memtable_whole_key_filtering) \
    F(rocksdb_options_set_compression) F(rocksdb_options_set_wal_recovery_mode) \
    F(rocksdb_options_set_allow_concurrent_memtable_write) \
    F(rocksdb_options_set_max_bytes_for_level_base) \
    F(rocksdb_options_set_level0_slowdown_writes_trigger) \
    F(rocksdb_options_set_level0_stop_writes_trigger) \
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
    rocksdb_readoptions_t *filed;  /* for what is in files, and not only in memory */
    rocksdb_writeoptions_t *unlogged;
    struct wal *wal;
    uint64_t held_back; /* live_bytes of the log when hold_back last looked */
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

enum { INFO_LOG_FATAL = 4, RECOVERY_POINT_IN_TIME = 2, TIER_FILES = 2, BLOOM_BITS = 10 };
/* In no space of key.h. */
#define WAL_KEY "\0wal"
/* When the commit thread waits for the library: with so much that is in no file, or so many files
 * that are not merged. */
enum { FILES_MOST = 16, HOLD_MOST_MS = 5000 };
#define LOG_MOST_BYTES (24u << 20)
#define LOOK_BYTES (2u << 20)
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

/* The number of the newest record that is in a file; 0: none is. */
static struct error *read_applied(void *context, struct arena *a, uint64_t *out)
{
    struct rocks *r = context;
    char *text = NULL;
    *out = 0;
    rocksdb_pinnableslice_t *slice =
        r->f.rocksdb_get_pinned(r->db, r->filed, WAL_KEY, sizeof WAL_KEY - 1, &text);
    if (slice) {
        size_t len;
        const char *data = r->f.rocksdb_pinnableslice_value(slice, &len);
        if (len == 8)
            *out = get_u64(data);
        r->f.rocksdb_pinnableslice_destroy(slice);
    }
    return take_error(r, a, text);
}

static struct error *write_batch(struct kv *kv, struct arena *a, struct kv_batch *batch)
{
    struct rocks *r = (struct rocks *)kv;
    rocksdb_writebatch_t *list = ((struct batch *)batch)->list;
    char number[8], *text = NULL;
    put_u64(number, wal_next(r->wal));
    r->f.rocksdb_writebatch_put(list, WAL_KEY, sizeof WAL_KEY - 1, number, sizeof number);
    r->f.rocksdb_write(r->db, r->unlogged, list, &text);
    if (text)
        return take_error(r, a, text);
    size_t len;
    const char *data = r->f.rocksdb_writebatch_data(list, &len);
    wal_append(r->wal, view(data, len));
    return NULL;
}

/* A record of the log that is in no file: into memory. */
static struct error *replay(void *context, struct arena *a, struct str record)
{
    struct rocks *r = context;
    char *text = NULL;
    rocksdb_writebatch_t *list = r->f.rocksdb_writebatch_create_from(record.data, record.len);
    r->f.rocksdb_write(r->db, r->unlogged, list, &text);
    r->f.rocksdb_writebatch_destroy(list);
    return take_error(r, a, text);
}

static struct error *hand_over(struct kv *kv, struct arena *a)
{
    return wal_write(((struct rocks *)kv)->wal, a);
}

static struct error *check_files(struct rocks *r, struct arena *a)
{
    uint64_t failures = 0;
    if (r->f.rocksdb_property_int(r->db, "rocksdb.background-errors", &failures) == 0 && failures)
        return error_new(a, &error_system, "RocksDB: a file could not be written");
    return NULL;
}

static bool is_behind(struct rocks *r)
{
    char *files = r->f.rocksdb_property_value(r->db, "rocksdb.num-files-at-level0");
    wal_retire(r->wal);
    uint64_t count;
    bool has_many = str_to_u64(str_z(files), UINT64_MAX, &count) && count > FILES_MOST;
    r->f.rocksdb_free(files);
    return has_many || wal_live_bytes(r->wal) > LOG_MOST_BYTES;
}

/* Waits for files to be made and merged, for a while; looked at as often as one comes to be. */
static void hold_back(struct rocks *r, struct arena *a)
{
    uint64_t live = wal_live_bytes(r->wal);
    if (live > r->held_back && live < r->held_back + LOOK_BYTES)
        return;
    for (int i = 0; i < HOLD_MOST_MS && is_behind(r) && !check_files(r, a); i++)
        usleep(1000);
    r->held_back = live;
}

static struct error *sync_log(struct kv *kv, struct arena *a)
{
    struct rocks *r = (struct rocks *)kv;
    TRY(check_files(r, a));
    TRY(wal_sync(r->wal, a));
    hold_back(r, a);
    return NULL;
}

/* -- opening and closing ------------------------------------------------------------------------
 */

static void close_library(struct rocks *r)
{
    r->f.rocksdb_close(r->db);
    r->f.rocksdb_readoptions_destroy(r->newest);
    r->f.rocksdb_readoptions_destroy(r->filed);
    r->f.rocksdb_writeoptions_destroy(r->unlogged);
    free(r);
}

static void rocks_close(struct kv *kv)
{
    struct rocks *r = (struct rocks *)kv;
    struct arena a;
    arena_init(&a);
    if (!check_files(r, &a)) {
        char *text = NULL;
        rocksdb_flushoptions_t *options = r->f.rocksdb_flushoptions_create();
        r->f.rocksdb_flush(r->db, options, &text); /* what fails here is in the log all the same */
        r->f.rocksdb_flushoptions_destroy(options);
        r->f.rocksdb_free(text);
    }
    arena_clear(&a);
    wal_close(r->wal);
    close_library(r);
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
    .hand_over = hand_over,
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
    /* Beyond what hold_back allows: here the library would keep loops waiting. */
    f->rocksdb_options_set_max_write_buffer_number(o, 8);
    f->rocksdb_options_set_level0_slowdown_writes_trigger(o, 3 * FILES_MOST);
    f->rocksdb_options_set_level0_stop_writes_trigger(o, 4 * FILES_MOST);
    f->rocksdb_options_set_arena_block_size(o, 64u << 10);
    /* 80 KB by which most reads of what is not in memory need not search there. */
    f->rocksdb_options_set_memtable_prefix_bloom_size_ratio(o, 0.02);
    f->rocksdb_options_set_memtable_whole_key_filtering(o, 1);
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

/* What the log has and no file has goes into memory. */
static struct error *open_wal(struct rocks *r, struct arena *a,
                              const struct kv_rocks_options *options)
{
    return wal_open(a,
                    &(struct wal_options){.directory = options->directory,
                                          .run = rand_u64(&rand_system),
                                          .is_direct = !options->is_handed_over,
                                          .replay = replay,
                                          .applied = read_applied,
                                          .context = r},
                    &r->wal);
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
    r->filed = r->f.rocksdb_readoptions_create();
    r->f.rocksdb_readoptions_set_read_tier(r->filed, TIER_FILES);
    r->unlogged = r->f.rocksdb_writeoptions_create();
    r->f.rocksdb_writeoptions_disable_WAL(r->unlogged, 1);
    struct error *error = open_wal(r, a, options);
    if (error) {
        close_library(r);
        return error;
    }
    *out = &r->base;
    return NULL;
}
