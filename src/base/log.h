/* Log: lines on standard error, one per event, for the operator.
 *
 *     2026-11-20T22:31:07.012Z warn  http: connection limit 10000 reached
 *
 * Secrets and message bodies stay out. Safe from any thread: a line is one write(2). */
#pragma once

#include "base/attributes.h"

enum log_level { LOG_INFO, LOG_WARN, LOG_ERROR };

void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
