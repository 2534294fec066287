/* Users store: one table of people, wherever it is kept. Private to users*.c.
 *
 * users.c holds what is the same everywhere (cache, rules for doubles, demo people);
 * users_sqlite.c and users_postgres.c are the two implementations. Strings of results live in the
 * arena. Values given are UTF-8 without NUL (users.c has checked). Safe from any thread. */
#pragma once

#include "messaging/users.h"

enum users_key { USERS_BY_HANDLE, USERS_BY_UUID, USERS_BY_COGNITO_ID };

struct users_store;

struct users_store_ops {
    /* *count is 0, 1, or 2 for "more than one"; *out is the first. */
    struct error *(*find)(struct users_store *s, struct arena *a, enum users_key key,
                          struct str value, struct user *out, size_t *count);
    struct error *(*add)(struct users_store *s, struct arena *a, const struct user *user);
    struct error *(*list)(struct users_store *s, struct arena *a, const struct user **out,
                          size_t *count);
    struct error *(*has_table)(struct users_store *s, struct arena *a, bool *out);
    struct error *(*create_table)(struct users_store *s, struct arena *a);
    void (*close)(struct users_store *s);
};

/* Embedded first in each implementation. */
struct users_store {
    const struct users_store_ops *ops;
};

MUST_USE struct error *users_sqlite_open(struct arena *a, const struct users_options *options,
                                         struct users_store **out);
MUST_USE struct error *users_postgres_open(struct arena *a, const struct users_options *options,
                                           struct users_store **out);
