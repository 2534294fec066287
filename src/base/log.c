#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 2048

/* A message may quote a client: control characters must not forge a second line. */
static void mask_controls(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"info ", "warn ", "error"};
    char line[LINE_BYTES], stamp[CLOCK_STAMP_BYTES];
    clock_stamp(clock_now_us(&clock_system), stamp);
    int head = snprintf(line, sizeof line, "%.23sZ %s ", stamp, names[level]);
    va_list args;
    va_start(args, format);
    vsnprintf(line + head, sizeof line - (size_t)head - 1, format, args);
    va_end(args);
    mask_controls(line);
    size_t len = strlen(line);
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written; /* there is nowhere to report a log that cannot be written */
}
