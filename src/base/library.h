/* Library: a shared library opened on first use.
 *
 * What only one command needs (storage on disk, TLS, PostgreSQL) should not cost the others
 * start-up time and memory, so those libraries are not linked: the one file that wraps each lists
 * the functions it uses, and gets a struct of typed pointers to them.
 *
 *     #define PQ_FUNCTIONS(F) F(PQconnectdb) F(PQfinish)
 *     static struct { PQ_FUNCTIONS(LIBRARY_MEMBER) } pq;
 *     static const char *const pq_names[] = { PQ_FUNCTIONS(LIBRARY_NAME) };
 *     TRY(library_open(arena, "libpq.so.5", "libpq5", pq_names, countof(pq_names), &pq));
 *     pq.PQfinish(connection);
 *
 * The declarations come from the library's own header, so calls are type-checked. A library stays
 * open until the process ends. Safe from any thread; the caller keeps two first uses apart. */
#pragma once

#include "base/error.h"

#define LIBRARY_MEMBER(name) __typeof__(name) *name;
#define LIBRARY_NAME(name) #name,

/* Fills `members`, which holds `count` function pointers in the order of `names`. The error names
 * the Debian package to install. */
MUST_USE struct error *library_open(struct arena *a, const char *file, const char *debian_package,
                                    const char *const *names, size_t count, void *members);
