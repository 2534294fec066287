/* Turnclock: a time of day that a test can turn, forward and back, while the program runs.
 *
 * A library for LD_PRELOAD, for tests only. What tells the time of day is moved by what stands in a
 * file; clocks that only count on (CLOCK_MONOTONIC and its kin) are left alone, as the kernel
 * leaves them when somebody sets the clock.
 *
 *     TURNCLOCK   a file of 8 bytes: microseconds to add, a signed little-endian number. The test
 *                 writes it at any time; it is mapped, so the next question sees it.
 *
 * Not seen: waits that the kernel ends at a time of day (pthread_cond_timedwait without a monotonic
 * clock): whoever computes one from this clock waits for too long or not at all, and the test
 * shows it. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* A preloaded library has no main to pass things down from: this state is global by nature. */
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static const _Atomic int64_t *turned_us;

static void die(const char *what)
{
    perror(what);
    abort();
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("TURNCLOCK");
    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (!path)
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die("TURNCLOCK");
    void *at = mmap(NULL, sizeof *turned_us, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        die("TURNCLOCK");
    turned_us = at;
    close(fd);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    if (!real_clock_gettime)
        begin(); /* somebody else's constructor asks before ours has run */
    int failed = real_clock_gettime(id, out);
    if (failed || !turned_us || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
        return failed;
    int64_t us = atomic_load(turned_us) + (int64_t)out->tv_sec * 1000000 + out->tv_nsec / 1000;
    out->tv_sec = us / 1000000;
    out->tv_nsec = us % 1000000 * 1000;
    return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
