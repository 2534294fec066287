/* Powercut: what a disk would hold if the power went now.
 *
 * A library for LD_PRELOAD, for tests only. kill -9 proves little about a power cut, because the
 * page cache survives it. So this library keeps a second copy of a data folder beside it, the
 * disk, and copies there what the program has synced, when it syncs it, and nothing else:
 *
 *     POWERCUT_DATA   the data folder
 *     POWERCUT_DISK   names/…   the folder as its entries were at the last sync of each directory
 *                     files/N   the contents of inode N as they were at its last sync
 *                     control   struct control below, for the test to look at and to write into
 *
 *     write, ftruncate      the range is noted as dirty         (nothing reaches the disk)
 *     fdatasync, fsync      dirty ranges and length -> files/N; pwritev2 with RWF_DSYNC, too
 *     create, rename, link, unlink, mkdir, rmdir                (nothing reaches the disk)
 *     fsync of a directory  its entries -> names/…, as hard links to files/N
 *
 * names/… is made of hard links, and of symbolic ones to the folders of files/ that stand for
 * folders within. So a file that was renamed or removed without a sync of its directory keeps its
 * old name on the disk. The test ends the process with SIGKILL at any moment and puts names/… in
 * the place of the data folder: that is the power cut. An entry that is synced before its file's
 * contents is an empty file.
 *
 * It also makes calls fail: the control's fail_sync and fail_write are the numbers of the calls, of
 * those counted there, from which on fdatasync and fsync, or write, answer EIO or ENOSPC; hold_sync
 * keeps syncs waiting while it is set.
 *
 * Not seen: writes through C streams (the store's own log of messages), and through a mapping,
 * which therefore aborts. Descriptors are looked up by fstat, so dup needs nothing. */
#undef _FILE_OFFSET_BITS /* both names of each call are wanted, open and open64 */
#undef _FORTIFY_SOURCE   /* and no inline functions of those names */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
    _Atomic uint64_t syncs, writes;         /* calls so far, on files of the data folder */
    _Atomic uint64_t fail_sync, fail_write; /* 0: none fails */
    _Atomic uint64_t hold_sync;
    _Atomic uint64_t delay_us;
};

/* The calls themselves, as the C library has them. */
#define CALLS(F)                                                                                   \
    F(open64)                                                                                      \
    F(close)                                                                                       \
    F(write)                                                                                       \
    F(pwrite)                                                                                      \
    F(pwritev64v2)                                                                                 \
    F(ftruncate)                                                                                   \
    F(fdatasync)                                                                                   \
    F(fsync)                                                                                       \
    F(mmap)                                                                                        \
    F(mmap64)
#define MEMBER(name) __typeof__(name) *name;
#define LOOK_UP(name) *(void **)&real.name = dlsym(RTLD_NEXT, #name);

enum { BUCKETS = 1024, BLOCK = 64 * 1024 };

/* A file with writes that are not on the disk. */
struct dirty {
    struct dirty *next;
    ino_t inode;
    off_t low, high; /* bytes written since the last sync */
};

/* A preloaded library has no main to pass things down from: this state is global by nature. */
static struct {
    CALLS(MEMBER)
} real;
static char data[PATH_MAX], disk[PATH_MAX];
static dev_t device;
static struct control *control;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards `dirty` and the disk */
static struct dirty *dirty[BUCKETS];

static void die(const char *what)
{
    dprintf(STDERR_FILENO, "powercut: %s: %s\n", what, strerror(errno));
    abort();
}

__attribute__((format(printf, 2, 3))) static const char *path_of(char *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(out, PATH_MAX, format, args);
    va_end(args);
    if (len >= PATH_MAX)
        die("a path is too long");
    return out;
}

__attribute__((constructor)) static void begin(void)
{
    CALLS(LOOK_UP)
    const char *data_name = getenv("POWERCUT_DATA"), *disk_name = getenv("POWERCUT_DISK");
    char path[PATH_MAX];
    struct stat status;
    if (!data_name || !disk_name)
        return;
    if (!realpath(data_name, data) || !realpath(disk_name, disk) || stat(data, &status) != 0)
        die("POWERCUT_DATA and POWERCUT_DISK are no folders");
    device = status.st_dev;
    int fd = real.open64(path_of(path, "%s/control", disk), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || real.ftruncate(fd, sizeof *control) != 0)
        die("control");
    control = real.mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (control == MAP_FAILED)
        die("control");
    real.close(fd);
}

/* -- which files ------------------------------------------------------------------------------- */

/* The path of a descriptor within the data folder, "" for the folder itself; false: elsewhere. */
static bool name_of(int fd, char *out)
{
    char link_path[64], path[PATH_MAX];
    snprintf(link_path, sizeof link_path, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link_path, path, sizeof path - 1);
    size_t data_len = strlen(data);
    if (len < (ssize_t)data_len || memcmp(path, data, data_len) != 0 ||
        (path[data_len] != '/' && (size_t)len != data_len))
        return false;
    path[len] = 0;
    strcpy(out, path + data_len + ((size_t)len > data_len));
    return true;
}

static bool is_watched(int fd, struct stat *status)
{
    char name[PATH_MAX];
    return control && fstat(fd, status) == 0 && status->st_dev == device && name_of(fd, name);
}

static struct dirty *find_dirty(ino_t inode)
{
    struct dirty **at = &dirty[inode % BUCKETS];
    while (*at && (*at)->inode != inode)
        at = &(*at)->next;
    if (!*at) {
        *at = calloc(1, sizeof **at);
        if (!*at)
            die("memory");
        **at = (struct dirty){.inode = inode, .low = INT64_MAX};
    }
    return *at;
}

static void note(ino_t inode, off_t low, off_t high)
{
    pthread_mutex_lock(&lock);
    struct dirty *d = find_dirty(inode);
    d->low = low < d->low ? low : d->low;
    d->high = high > d->high ? high : d->high;
    pthread_mutex_unlock(&lock);
}

/* -- reaching the disk ------------------------------------------------------------------------- */

static int open_disk_file(ino_t inode, int flags)
{
    char path[PATH_MAX];
    int fd = real.open64(path_of(path, "%s/files/%ju", disk, (uintmax_t)inode),
                         O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    if (fd < 0)
        die("files/");
    return fd;
}

static void copy(int from, int to, off_t low, off_t high)
{
    char block[BLOCK];
    while (low < high) {
        size_t some = high - low < BLOCK ? (size_t)(high - low) : BLOCK;
        ssize_t len = pread(from, block, some, low);
        if (len == 0)
            return; /* cut off meanwhile */
        if (len < 0 || real.pwrite(to, block, (size_t)len, low) != len)
            die("copying to the disk");
        low += len;
    }
}

/* The lock is held, so that no later sync of the same file overtakes this one. */
static void sync_contents(int fd, const struct stat *status)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd); /* it may be open for writing only */
    int from = real.open64(path, O_RDONLY | O_CLOEXEC);
    int to = open_disk_file(status->st_ino, 0);
    struct dirty *d = find_dirty(status->st_ino);
    off_t low = d->low, high = d->high;
    d->low = INT64_MAX;
    d->high = 0;
    if (from < 0)
        die("reading what is synced");
    copy(from, to, low, high < status->st_size ? high : status->st_size);
    if (real.ftruncate(to, status->st_size) != 0)
        die("files/");
    real.close(from);
    real.close(to);
}

/* Where the disk has a folder's entries: its own are names/, those of a folder within are a folder
 * of files/, and the name leads there once the folder above is synced. */
static const char *disk_folder(char *out, ino_t inode, bool is_top)
{
    struct stat status;
    if (is_top)
        return path_of(out, "%s/names", disk);
    path_of(out, "%s/files/%ju", disk, (uintmax_t)inode);
    if (stat(out, &status) == 0 && !S_ISDIR(status.st_mode))
        unlink(out); /* a file's inode before */
    if (mkdir(out, 0700) != 0 && errno != EEXIST)
        die("files/");
    return out;
}

static void sync_entry(const char *folder, const char *there, const char *name)
{
    char path[PATH_MAX], target[PATH_MAX], named[PATH_MAX], fresh[PATH_MAX];
    struct stat status;
    if (lstat(path_of(path, "%s/%s/%s", data, folder, name), &status) != 0)
        return; /* removed meanwhile */
    path_of(named, "%s/%s", there, name);
    path_of(fresh, "%s/fresh", disk);
    unlink(fresh);
    if (S_ISDIR(status.st_mode)) {
        if (symlink(disk_folder(target, status.st_ino, false), fresh) != 0)
            die("names/");
    } else {
        real.close(open_disk_file(status.st_ino, 0));
        if (link(path_of(target, "%s/files/%ju", disk, (uintmax_t)status.st_ino), fresh) != 0)
            die("names/");
    }
    if (rename(fresh, named) != 0)
        die("names/");
    unlink(fresh); /* a rename of one link of a file to another does nothing */
}

/* Away with what the folder has no more. */
static void sync_removals(const char *folder, const char *there)
{
    char path[PATH_MAX];
    struct stat status;
    DIR *names = opendir(there);
    for (struct dirent *entry; names && (entry = readdir(names));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            lstat(path_of(path, "%s/%s/%s", data, folder, entry->d_name), &status) == 0)
            continue;
        if (unlink(path_of(path, "%s/%s", there, entry->d_name)) != 0)
            die("names/");
    }
    if (names)
        closedir(names);
}

static void sync_folder(const char *folder, ino_t inode)
{
    char path[PATH_MAX], there[PATH_MAX];
    disk_folder(there, inode, *folder == 0);
    DIR *entries = opendir(path_of(path, "%s/%s", data, folder));
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            sync_entry(folder, there, entry->d_name);
    if (entries)
        closedir(entries);
    sync_removals(folder, there);
}

static bool has_its_turn(_Atomic uint64_t *count, const _Atomic uint64_t *from)
{
    uint64_t number = atomic_fetch_add(count, 1) + 1, first = atomic_load(from);
    return first && number >= first;
}

static int sync_any(int fd, int (*sync)(int))
{
    struct stat status;
    char name[PATH_MAX];
    if (!is_watched(fd, &status) || !name_of(fd, name))
        return sync(fd);
    while (atomic_load(&control->hold_sync))
        usleep(1000);
    if (atomic_load(&control->delay_us))
        usleep((useconds_t)atomic_load(&control->delay_us));
    if (has_its_turn(&control->syncs, &control->fail_sync)) {
        errno = EIO;
        return -1;
    }
    pthread_mutex_lock(&lock);
    if (S_ISDIR(status.st_mode))
        sync_folder(name, status.st_ino);
    else if (fstat(fd, &status) == 0) /* its length now, under the lock */
        sync_contents(fd, &status);
    pthread_mutex_unlock(&lock);
    return sync(fd);
}

/* -- the calls --------------------------------------------------------------------------------- */

/* A new file, perhaps on an inode that another one had before. With the lock held since before it
 * was made, so that no sync of its folder sees it with the other one's contents. */
static void forget_old(int fd)
{
    struct stat status;
    char path[PATH_MAX];
    if (!is_watched(fd, &status) || !S_ISREG(status.st_mode))
        return;
    unlink(path_of(path, "%s/files/%ju", disk, (uintmax_t)status.st_ino));
    struct dirty *d = find_dirty(status.st_ino);
    d->low = INT64_MAX;
    d->high = 0;
}

static int open_new(const char *path, int flags, mode_t mode)
{
    pthread_mutex_lock(&lock);
    bool is_new = access(path, F_OK) != 0;
    int fd = real.open64(path, flags, mode);
    int error = errno;
    if (fd >= 0 && is_new)
        forget_old(fd);
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

static int open_any(const char *path, int flags, mode_t mode)
{
    if (control && (flags & O_CREAT))
        return open_new(path, flags, mode);
    return real.open64(path, flags, mode);
}

#define OPEN_MODE(mode, flags)                                                                     \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode = va_arg(args, mode_t);                                                               \
        va_end(args);                                                                              \
    }

int open(const char *path, int flags, ...)
{
    OPEN_MODE(mode, flags)
    return open_any(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    OPEN_MODE(mode, flags)
    return open_any(path, flags, mode);
}

/* Whether the call is to fail, for a file of the data folder. */
static bool is_full(bool is_ours)
{
    if (!is_ours || !has_its_turn(&control->writes, &control->fail_write))
        return false;
    errno = ENOSPC;
    return true;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    struct stat status;
    bool is_ours = is_watched(fd, &status) && S_ISREG(status.st_mode);
    if (is_full(is_ours))
        return -1;
    ssize_t len = real.write(fd, bytes, size);
    if (is_ours && len > 0) {
        off_t end = lseek(fd, 0, SEEK_CUR);
        note(status.st_ino, end - len, end);
    }
    return len;
}

static ssize_t pwrite_any(int fd, const void *bytes, size_t size, off_t offset)
{
    struct stat status;
    bool is_ours = is_watched(fd, &status) && S_ISREG(status.st_mode);
    if (is_full(is_ours))
        return -1;
    ssize_t len = real.pwrite(fd, bytes, size, offset);
    if (is_ours && len > 0)
        note(status.st_ino, offset, offset + len);
    return len;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite_any(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    return pwrite_any(fd, bytes, size, offset);
}

/* Cut off and grown again: what comes anew reads as zeros, and they must reach the disk. */
static int truncate_any(int fd, off_t size)
{
    struct stat before, after;
    bool is_ours = is_watched(fd, &before);
    int failed = real.ftruncate(fd, size);
    if (is_ours && !failed && fstat(fd, &after) == 0)
        note(before.st_ino, before.st_size < size ? before.st_size : size, size);
    return failed;
}

int ftruncate(int fd, off_t size)
{
    return truncate_any(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return truncate_any(fd, size);
}

int fdatasync(int fd)
{
    return sync_any(fd, real.fdatasync);
}

/* A write that asks to be synced is a write, and then a sync that can fail by itself. */
ssize_t pwritev64v2(int fd, const struct iovec *pieces, int count, off64_t offset, int flags)
{
    struct stat status;
    bool is_ours = is_watched(fd, &status) && S_ISREG(status.st_mode);
    if (is_full(is_ours))
        return -1;
    ssize_t len = real.pwritev64v2(fd, pieces, count, offset, is_ours ? flags & ~RWF_DSYNC : flags);
    if (!is_ours || len <= 0)
        return len;
    note(status.st_ino, offset, offset + len);
    return (flags & RWF_DSYNC) && sync_any(fd, real.fdatasync) != 0 ? -1 : len;
}

int fsync(int fd)
{
    return sync_any(fd, real.fsync);
}

static void refuse_mapping(int protection, int flags, int fd)
{
    struct stat status;
    char name[PATH_MAX];
    size_t len;
    if (fd < 0 || !(protection & PROT_WRITE) || (flags & MAP_TYPE) == MAP_PRIVATE ||
        !is_watched(fd, &status) || !name_of(fd, name))
        return;
    len = strlen(name); /* SQLite's shared index of its log is made anew after a crash */
    if (len < 4 || strcmp(name + len - 4, "-shm") != 0)
        die("a file is written through a mapping");
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    refuse_mapping(protection, flags, fd);
    return real.mmap(at, size, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
{
    refuse_mapping(protection, flags, fd);
    return real.mmap64(at, size, protection, flags, fd, offset);
}
