/* Attributes: the few compiler words that the whole tree uses. */
#pragma once

#include <stddef.h>

/* The result must be looked at: on every function that returns struct error * or bool for success.
 */
#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define NO_RETURN __attribute__((noreturn))

#define countof(array) (sizeof(array) / sizeof(*(array)))
