/* A file of the log is a segment:
 *
 *     head      magic(8) id(8) first(8) run(8) check(4)  in the first 64 bytes
 *     record    check(4) size(4) run(8) number(8) bytes(size)
 *     record    …
 *     rest      zeros, or what an earlier use of the file has left
 *
 *     new ──▶ current ──full──▶ live ──applied──▶ spare ──▶ current …
 *
 *  1. Ids rise: a segment that is used again gets a new head. `first` is the number of its first
 *     record.
 *  2. Only the current segment may hold what is not synced: it is synced before the next is begun.
 *  3. A record is good when its check is, its number is the one expected, and its run is that of
 *     the head: a file that is used again may hold records of the same numbers behind the new ones,
 *     from a run that was cut off before them.
 *  4. Reading begins in the newest segment whose first record is not behind the first one wanted,
 *     goes on with the next id that begins where this one ends, and passes over others: they were
 *     given up when an earlier run found a gap before them.
 *  5. A start continues in a segment of its own, never behind a place that may be torn.
 *  6. A segment's blocks are laid out ahead of what is written, by the sync that comes to their
 * end, STEP_BYTES at most each time. From its second use on there is nothing to lay out. */
#include "dynamodb/storage/wal.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/folder.h"
#include "dynamodb/storage/integers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SEGMENT_BYTES ((off_t)4 << 20) /* a segment that holds so much is full */
#define STEP_BYTES ((off_t)128 << 10)
#define BLOCK_BYTES 4096 /* what a disk writes whole, or a multiple of it */
#define SPARES_KEPT 4
#define BUFFER_KEPT_BYTES ((size_t)256 << 10)
/* More than all requests at once can change, with indexes, stream and history. */
#define GROUP_MAX_BYTES ((size_t)3 << 30)
#define HEAD_BYTES 64
#define HEAD_CHECKED_BYTES 32
#define FRAME_BYTES 24

static const char magic[8] = "cruddur1";

struct segment {
    struct segment *next; /* in one of the lists below */
    int fd;
    unsigned file; /* the N of wal.N */
    uint64_t id, first, run;
    uint64_t last;  /* the number of its last record; first - 1: it has none */
    off_t end;      /* of its records */
    off_t laid_out; /* how far the file has blocks */
};

/* Whole blocks, on their way to a segment. */
struct blocks {
    char *data; /* on a block's boundary */
    size_t cap;
    size_t tail; /* so much of it is there already: the segment's last block is not full */
};

struct wal {
    char *directory;
    uint64_t run;
    wal_applied *applied;
    void *context;

    pthread_mutex_t append_lock; /* guards `appended` */
    struct buf appended;         /* records that are in memory alone */
    _Atomic uint64_t next;       /* changed under append_lock */

    pthread_mutex_t write_lock; /* guards all below; taken before append_lock */
    struct buf writing;
    struct blocks blocks;
    struct segment *live;    /* by rising id */
    struct segment *current; /* the last of them; NULL before the first write */
    struct segment *spares;
    uint64_t written; /* the number of the newest record there */
    uint64_t next_id;
    unsigned next_file;
    bool is_direct;
    bool is_dirty; /* the current one holds what is not synced */
    bool has_failed;
    _Atomic uint64_t live_bytes;
};

/* -- segments -----------------------------------------------------------------------------------
 */

static void push(struct segment **list, struct segment *s)
{
    while (*list)
        list = &(*list)->next;
    s->next = NULL;
    *list = s;
}

static struct segment *pop(struct segment **list)
{
    struct segment *s = *list;
    if (s)
        *list = s->next;
    return s;
}

static void name_of(const struct wal *w, const struct segment *s, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/wal.%u", w->directory, s->file);
}

static struct error *open_segment(struct arena *a, const struct wal *w, struct segment *s,
                                  int flags)
{
    char name[PATH_MAX];
    struct stat status;
    name_of(w, s, name);
    s->fd = open(name, O_RDWR | O_CLOEXEC | flags, 0600);
    if (s->fd < 0 || fstat(s->fd, &status) != 0)
        return error_errno(a, "cannot open %s", name);
    s->laid_out = status.st_size;
    return NULL;
}

static void close_segment(struct segment *s)
{
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

static void remove_segment(const struct wal *w, struct segment *s)
{
    char name[PATH_MAX];
    name_of(w, s, name);
    unlink(name); /* what comes back after a power cut is passed over: its records are old */
    close_segment(s);
}

/* Past the page cache, where the file system can: nothing is copied, and a sync is shorter. */
static void set_direct(const struct segment *s)
{
    (void)!fcntl(s->fd, F_SETFL, O_DIRECT);
}

static bool give_up_direct(const struct segment *s)
{
    int flags = fcntl(s->fd, F_GETFL);
    return flags >= 0 && (flags & O_DIRECT) && fcntl(s->fd, F_SETFL, flags & ~O_DIRECT) == 0;
}

/* Whole blocks, at a block's boundary. `syncs`: they are on the disk when it returns. */
static struct error *write_blocks(struct arena *a, const struct segment *s, struct str blocks,
                                  off_t at, bool syncs)
{
    int flags = syncs ? RWF_DSYNC : 0;
    while (blocks.len) {
        struct iovec piece = {(char *)(uintptr_t)blocks.data, blocks.len};
        ssize_t written = pwritev2(s->fd, &piece, 1, at, flags);
        if (written < 0 && (errno == EINTR || (errno == EINVAL && give_up_direct(s))))
            continue;
        if (written <= 0)
            return error_errno(a, "cannot write to the log");
        blocks = str_from(blocks, (size_t)written);
        at += written;
    }
    return NULL;
}

static struct error *sync_segment(struct arena *a, const struct segment *s)
{
    return fdatasync(s->fd) == 0 ? NULL : error_errno(a, "cannot sync the log");
}

/* -- reading ------------------------------------------------------------------------------------
 */

/* All of the file. */
static struct error *read_segment(struct arena *a, const struct segment *s, struct buf *out)
{
    char *to = buf_reserve(out, (size_t)s->laid_out);
    while (out->len < (size_t)s->laid_out) {
        ssize_t got = pread(s->fd, to + out->len, (size_t)s->laid_out - out->len, (off_t)out->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(a, "cannot read the log");
        if (got == 0)
            break;
        out->len += (size_t)got;
    }
    return NULL;
}

static bool read_head(struct segment *s)
{
    char head[HEAD_CHECKED_BYTES + 4];
    if (pread(s->fd, head, sizeof head, 0) != sizeof head ||
        memcmp(head, magic, sizeof magic) != 0 ||
        get_u32(head + HEAD_CHECKED_BYTES) != crc32_of((struct str){head, HEAD_CHECKED_BYTES}))
        return false;
    s->id = get_u64(head + 8);
    s->first = get_u64(head + 16);
    s->run = get_u64(head + 24);
    s->last = s->first - 1;
    s->end = HEAD_BYTES;
    return s->first > 0;
}

/* The segment's next record at the beginning of `rest`, which is then what follows it; false: there
 * is none. */
static bool take_record(const struct segment *s, struct str *rest, struct str *out)
{
    if (rest->len < FRAME_BYTES)
        return false;
    size_t size = get_u32(rest->data + 4);
    if (get_u64(rest->data + 8) != s->run || get_u64(rest->data + 16) != s->last + 1 ||
        size > rest->len - FRAME_BYTES ||
        get_u32(rest->data) != crc32_of(str_slice(*rest, 4, FRAME_BYTES - 4 + size)))
        return false;
    *out = str_slice(*rest, FRAME_BYTES, size);
    *rest = str_from(*rest, FRAME_BYTES + size);
    return true;
}

/* Hands over the records that are not applied; finds where the segment ends. */
static struct error *replay_segment(struct arena *a, const struct wal_options *options,
                                    struct segment *s, uint64_t applied)
{
    struct buf bytes;
    buf_init(&bytes, (size_t)s->laid_out + 1);
    struct error *error = read_segment(a, s, &bytes);
    struct str rest = str_from(buf_str(&bytes), HEAD_BYTES), record;
    while (!error && take_record(s, &rest, &record)) {
        s->last++;
        s->end = (off_t)(bytes.len - rest.len);
        if (s->last > applied)
            error = options->replay(options->context, a, record);
    }
    buf_clear(&bytes);
    return error;
}

/* Where a segment of that id belongs in a list by rising id. */
static struct segment **place_of(struct segment **list, uint64_t id)
{
    while (*list && (*list)->id < id)
        list = &(*list)->next;
    return list;
}

/* All of the folder, as if all were live; those without a head are spare. */
static struct error *find_segments(struct arena *a, struct wal *w)
{
    DIR *folder = opendir(w->directory);
    if (!folder)
        return error_errno(a, "cannot open the folder %s", w->directory);
    struct error *error = NULL;
    for (struct dirent *entry; !error && (entry = readdir(folder));) {
        uint64_t file;
        struct str name = str_z(entry->d_name);
        if (!str_starts(name, S("wal.")) || !str_to_u64(str_from(name, 4), 1u << 30, &file))
            continue;
        struct segment *s = mem_zalloc(sizeof *s);
        s->file = (unsigned)file;
        if (w->next_file <= s->file)
            w->next_file = s->file + 1;
        error = open_segment(a, w, s, 0);
        struct segment **at = !error && read_head(s) ? place_of(&w->live, s->id) : &w->spares;
        s->next = *at;
        *at = s;
    }
    closedir(folder);
    return error;
}

/* Invariant 4: which segments hold the log, and what of it is replayed. The others are spare. */
static struct error *replay_all(struct arena *a, struct wal *w, const struct wal_options *options)
{
    TRY(find_segments(a, w));
    uint64_t applied;
    TRY(options->applied(options->context, a, &applied));
    uint64_t next = applied + 1;
    struct segment *all = w->live, *begin = NULL;
    w->live = NULL;
    for (struct segment *s = all; s; s = s->next)
        if (s->first <= next)
            begin = s;
    struct error *error = NULL;
    bool has_begun = false;
    for (struct segment *s; (s = pop(&all));) {
        bool is_next = s == begin || (has_begun && s->first == next);
        has_begun |= is_next;
        if (is_next && !error) {
            error = replay_segment(a, options, s, applied);
            next = s->last >= next ? s->last + 1 : next;
        }
        w->next_id = s->id + 1;
        push(is_next && s->last > applied ? &w->live : &w->spares, s);
    }
    w->written = next - 1;
    atomic_store(&w->next, next);
    if (w->next_id < next)
        w->next_id = next; /* above those of files that were removed */
    return error;
}

struct error *wal_open(struct arena *a, const struct wal_options *options, struct wal **out)
{
    struct wal *w = mem_zalloc(sizeof *w);
    struct str directory = str_z(options->directory);
    w->directory = memcpy(mem_zalloc(directory.len + 1), directory.data, directory.len);
    w->run = options->run;
    w->is_direct = options->is_direct;
    w->applied = options->applied;
    w->context = options->context;
    w->next_file = 1;
    pthread_mutex_init(&w->append_lock, NULL);
    pthread_mutex_init(&w->write_lock, NULL);
    buf_init(&w->appended, GROUP_MAX_BYTES);
    buf_init(&w->writing, GROUP_MAX_BYTES);
    struct error *error = replay_all(a, w, options);
    if (error) {
        w->has_failed = true;
        wal_close(w);
        return error;
    }
    for (const struct segment *s = w->live; s; s = s->next)
        atomic_fetch_add(&w->live_bytes, (uint64_t)s->end);
    *out = w;
    return NULL;
}

/* -- writing ------------------------------------------------------------------------------------
 */

uint64_t wal_next(const struct wal *w)
{
    return atomic_load_explicit(&w->next, memory_order_relaxed);
}

void wal_append(struct wal *w, struct str record)
{
    pthread_mutex_lock(&w->append_lock);
    uint64_t number = atomic_fetch_add_explicit(&w->next, 1, memory_order_relaxed);
    char *frame = buf_reserve(&w->appended, FRAME_BYTES + record.len);
    if (!frame)
        abort(); /* out of memory */
    put_u32(frame + 4, (uint32_t)record.len);
    put_u64(frame + 8, w->run);
    put_u64(frame + 16, number);
    memcpy(frame + FRAME_BYTES, record.data, record.len);
    put_u32(frame, crc32_of((struct str){frame + 4, FRAME_BYTES - 4 + record.len}));
    w->appended.len += FRAME_BYTES + record.len;
    pthread_mutex_unlock(&w->append_lock);
}

/* Moves what the store can do without to the spare ones. */
static void retire(struct wal *w)
{
    struct arena a;
    uint64_t applied = 0;
    arena_init(&a);
    if (w->applied(w->context, &a, &applied))
        applied = 0;
    arena_clear(&a);
    while (w->live && w->live != w->current && w->live->last <= applied) {
        struct segment *s = pop(&w->live);
        atomic_fetch_sub(&w->live_bytes, (uint64_t)s->end);
        push(&w->spares, s);
    }
    size_t count = 0;
    for (struct segment *s = w->spares; s; s = s->next)
        count++;
    for (; count > SPARES_KEPT; count--)
        remove_segment(w, pop(&w->spares));
}

static void reserve(struct blocks *b, size_t size)
{
    if (size <= b->cap)
        return;
    size_t cap = size < 2 * b->cap ? 2 * b->cap : size;
    char *data = aligned_alloc(BLOCK_BYTES, cap);
    if (!data)
        abort(); /* out of memory */
    if (b->tail)
        memcpy(data, b->data, b->tail);
    free(b->data);
    b->data = data;
    b->cap = cap;
}

static void put_head(struct wal *w, const struct segment *s)
{
    reserve(&w->blocks, BLOCK_BYTES);
    char *head = memset(w->blocks.data, 0, HEAD_BYTES);
    memcpy(head, magic, sizeof magic);
    put_u64(head + 8, s->id);
    put_u64(head + 16, s->first);
    put_u64(head + 24, s->run);
    put_u32(head + HEAD_CHECKED_BYTES, crc32_of((struct str){head, HEAD_CHECKED_BYTES}));
    w->blocks.tail = HEAD_BYTES;
}

static struct error *new_segment(struct arena *a, struct wal *w, struct segment **out)
{
    struct segment *s = *out = mem_zalloc(sizeof *s);
    s->file = w->next_file++;
    TRY(open_segment(a, w, s, O_CREAT | O_EXCL));
    return folder_sync(a, w->directory);
}

/* A segment of an unusual group of writes goes back to its size. */
static struct error *use_again(struct arena *a, struct segment *s)
{
    if (s->laid_out <= 2 * SEGMENT_BYTES)
        return NULL;
    if (ftruncate(s->fd, SEGMENT_BYTES) != 0)
        return error_errno(a, "cannot shorten the log");
    s->laid_out = SEGMENT_BYTES;
    return NULL;
}

/* The next segment is current, and its head is the first thing to be written. */
static struct error *begin_segment(struct arena *a, struct wal *w)
{
    if (w->is_dirty)
        TRY(sync_segment(a, w->current));
    w->is_dirty = false;
    retire(w);
    struct segment *s = pop(&w->spares);
    struct error *error = s ? use_again(a, s) : new_segment(a, w, &s);
    if (error) {
        close_segment(s);
        return error;
    }
    if (w->is_direct)
        set_direct(s);
    s->id = w->next_id++;
    s->first = w->written + 1;
    s->run = w->run;
    s->last = w->written;
    s->end = HEAD_BYTES;
    put_head(w, s);
    atomic_fetch_add(&w->live_bytes, HEAD_BYTES);
    push(&w->live, s);
    w->current = s;
    return NULL;
}

/* Behind what is in the segment's last block already, with zeros up to the next boundary. */
static struct str fill_blocks(struct blocks *b, struct str bytes)
{
    size_t len = b->tail + bytes.len, whole = (len + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    reserve(b, whole);
    memcpy(b->data + b->tail, bytes.data, bytes.len);
    memset(b->data + len, 0, whole - len);
    return (struct str){b->data, whole};
}

static void keep_tail(struct blocks *b, size_t len)
{
    size_t tail = len % BLOCK_BYTES;
    memmove(b->data, b->data + len - tail, tail);
    b->tail = tail;
    if (b->cap > BUFFER_KEPT_BYTES) {
        struct blocks small = {0};
        reserve(&small, BLOCK_BYTES);
        memcpy(small.data, b->data, tail);
        small.tail = tail;
        free(b->data);
        *b = small;
    }
}

/* Invariant 6. Not synced for itself: a synced write brings along what is needed to find its data.
 */
static struct error *lay_out(struct arena *a, struct segment *s, off_t end)
{
    if (end <= s->laid_out)
        return NULL;
    struct blocks zeros = {0};
    size_t step = (size_t)(end < STEP_BYTES ? end : STEP_BYTES); /* a new store writes little */
    reserve(&zeros, step);
    memset(zeros.data, 0, step);
    struct error *error = write_blocks(a, s, (struct str){zeros.data, step}, end, false);
    free(zeros.data);
    s->laid_out = end + (off_t)step;
    return error;
}

static struct error *write_group(struct arena *a, struct wal *w, struct str group, bool syncs)
{
    struct segment *s = w->current;
    struct blocks *b = &w->blocks;
    off_t at = s->end - (off_t)b->tail;
    size_t len = b->tail + group.len;
    struct str blocks = fill_blocks(b, group);
    TRY(lay_out(a, s, at + (off_t)blocks.len));
    TRY(write_blocks(a, s, blocks, at, syncs));
    w->is_dirty |= !syncs;
    s->end += (off_t)group.len;
    keep_tail(b, len);
    return NULL;
}

/* Writes what was appended. With write_lock. */
static struct error *write_out(struct wal *w, struct arena *a, bool syncs)
{
    pthread_mutex_lock(&w->append_lock);
    struct buf full = w->appended;
    w->appended = w->writing;
    w->writing = full;
    uint64_t last = wal_next(w) - 1;
    pthread_mutex_unlock(&w->append_lock);
    if (full.len) {
        if (!w->current || w->current->end >= SEGMENT_BYTES)
            TRY(begin_segment(a, w));
        TRY(write_group(a, w, buf_str(&full), syncs && !w->is_dirty));
        w->current->last = w->written = last;
        atomic_fetch_add(&w->live_bytes, full.len);
        buf_reset(&w->writing);
        if (w->writing.cap > BUFFER_KEPT_BYTES)
            buf_clear(&w->writing);
    }
    if (!syncs || !w->is_dirty)
        return NULL;
    TRY(sync_segment(a, w->current));
    w->is_dirty = false;
    return NULL;
}

/* A failure is final: what was to be written is not tried again. */
static struct error *write_and(struct wal *w, struct arena *a, bool syncs)
{
    pthread_mutex_lock(&w->write_lock);
    struct error *error =
        w->has_failed ? error_new(a, &error_system, "the log has failed") : write_out(w, a, syncs);
    w->has_failed |= error != NULL;
    pthread_mutex_unlock(&w->write_lock);
    return error;
}

struct error *wal_write(struct wal *w, struct arena *a)
{
    return write_and(w, a, false);
}

struct error *wal_sync(struct wal *w, struct arena *a)
{
    return write_and(w, a, true);
}

void wal_retire(struct wal *w)
{
    pthread_mutex_lock(&w->write_lock);
    retire(w);
    pthread_mutex_unlock(&w->write_lock);
}

uint64_t wal_live_bytes(const struct wal *w)
{
    return atomic_load(&w->live_bytes);
}

/* -- closing ------------------------------------------------------------------------------------
 */

/* One file stays, short, so that the next start need not make one. */
static void remove_spares(struct wal *w)
{
    struct segment *kept = pop(&w->spares);
    while (w->spares)
        remove_segment(w, pop(&w->spares));
    if (!kept)
        return;
    if (kept->laid_out > STEP_BYTES && ftruncate(kept->fd, STEP_BYTES) != 0)
        remove_segment(w, kept);
    else
        close_segment(kept);
}

void wal_close(struct wal *w)
{
    if (!w)
        return;
    if (!w->has_failed) {
        w->current = NULL;
        retire(w);
        if (!w->live)
            remove_spares(w);
    }
    while (w->live)
        close_segment(pop(&w->live));
    while (w->spares)
        close_segment(pop(&w->spares));
    buf_clear(&w->appended);
    buf_clear(&w->writing);
    free(w->blocks.data);
    pthread_mutex_destroy(&w->append_lock);
    pthread_mutex_destroy(&w->write_lock);
    free(w->directory);
    free(w);
}
