/* Files of a log, as damage or somebody else might leave them: two, of heads and records whose
 * checks are made right, so that what they say is looked at. Then the log is written to, and read
 * again. */
#include "dynamodb/storage/wal.h"

#include "base/arena.h"
#include "base/encode.h"
#include "dynamodb/storage/integers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 64, CHECKED = 32, FRAME = 24, FILE_MOST = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct error *count_one(void *context, struct arena *a, struct str record)
{
    (void)a;
    (void)(record.len && record.data[record.len - 1]);
    ++*(uint64_t *)context;
    return NULL;
}

static struct error *none_applied(void *context, struct arena *a, uint64_t *out)
{
    (void)context, (void)a;
    *out = 0;
    return NULL;
}

/* Numbers become small, and checks right. */
static void mend(char *file, size_t len)
{
    if (len < HEAD)
        return;
    memcpy(file, "cruddur1", 8);
    memset(file + 8, 0, 7), memset(file + 16, 0, 7), memset(file + 24, 0, 7);
    file[23] &= 7;
    put_u32(file + CHECKED, crc32_of((struct str){file, CHECKED}));
    for (size_t at = HEAD; at + FRAME <= len;) {
        char *frame = file + at;
        uint32_t record = (uint8_t)frame[7] % 64;
        if (frame[6] == 1)
            return; /* from here on as it came */
        put_u32(frame + 4, record);
        memset(frame + 8, 0, 7), memset(frame + 16, 0, 7);
        frame[23] &= 15;
        if (record <= len - at - FRAME)
            put_u32(frame, crc32_of((struct str){frame + 4, FRAME - 4 + record}));
        at += FRAME + record;
    }
}

static void write_file(const char *directory, unsigned number, const uint8_t *data, size_t size)
{
    char name[64], file[FILE_MOST];
    size_t len = size < FILE_MOST ? size : FILE_MOST;
    memcpy(file, data, len);
    mend(file, len);
    snprintf(name, sizeof name, "%s/wal.%u", directory, number);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, file, len) != (ssize_t)len)
        abort();
    close(fd);
}

static uint64_t open_and_append(struct arena *a, const char *directory, uint64_t run,
                                struct str record)
{
    uint64_t replayed = 0;
    struct wal *w;
    struct wal_options options = {.directory = directory,
                                  .run = run,
                                  .replay = count_one,
                                  .applied = none_applied,
                                  .context = &replayed};
    if (wal_open(a, &options, &w) != NULL)
        abort();
    if (wal_next(w) != replayed + 1)
        abort();
    wal_append(w, record);
    if (wal_write(w, a) != NULL)
        abort();
    wal_close(w);
    return replayed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    char directory[] = "/tmp/cruddur-fuzz-XXXXXX";
    arena_init(&a);
    if (!mkdtemp(directory))
        abort();
    size_t first = size ? data[0] * 8u : 0;
    first = first < size ? first : size;
    write_file(directory, 1, data, first);
    write_file(directory, 2, data + first, size - first);
    uint64_t before = open_and_append(&a, directory, 1000, (struct str){"one", 3});
    if (open_and_append(&a, directory, 1001, (struct str){"two", 3}) != before + 1)
        abort();
    for (unsigned i = 1; i < 8; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s/wal.%u", directory, i);
        unlink(name);
    }
    rmdir(directory);
    arena_clear(&a);
    return 0;
}
