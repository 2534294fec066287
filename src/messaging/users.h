/* Users: who people are, in SQLite (users.db of the data folder) or PostgreSQL.
 *
 * Upstream's table: uuid, display_name, handle, email, cognito_user_id, created_at. Names are read
 * at answer time; a small cache of a second keeps that cheap. Strings of results live in the
 * caller's arena. Safe from any thread. */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/rand.h"

extern const struct error_kind users_taken;       /* 409: the handle or the identity is in use */
extern const struct error_kind users_unavailable; /* 503: the store does not answer */
extern const struct error_kind users_missing;     /* there is no such store or table */

struct users;

struct user {
    struct str uuid, handle, display_name, email, cognito_user_id;
};

struct users_options {
    struct str url; /* "postgresql://…", or a path of a SQLite file */
    const struct clock *clock;
    bool must_exist;    /* a SQLite file is not made when it is missing: users_missing */
    size_t connections; /* at most, to PostgreSQL; 0: 8. One for each worker is enough */
};

MUST_USE struct error *users_open(struct arena *a, const struct users_options *options,
                                  struct users **out);
void users_close(struct users *users);

/* *found is false when there is none; a handle that stands twice is refused and logged. */
MUST_USE struct error *users_by_handle(struct users *users, struct arena *a, struct str handle,
                                       struct user *out, bool *found);
MUST_USE struct error *users_by_uuid(struct users *users, struct arena *a, struct str uuid,
                                     struct user *out, bool *found);
/* Never finds 'MOCK', which upstream's seed gives to everybody. */
MUST_USE struct error *users_by_cognito_id(struct users *users, struct arena *a, struct str id,
                                           struct user *out, bool *found);
/* The sub of our own tokens for this person: the identity, or "uuid:<uuid>" while that is 'MOCK'.
 */
struct str users_subject(struct arena *a, const struct user *user);
MUST_USE struct error *users_by_subject(struct users *users, struct arena *a, struct str sub,
                                        struct user *out, bool *found);
/* All fields must be set; the kind is users_taken when the store refuses a double. */
MUST_USE struct error *users_add(struct users *users, struct arena *a, const struct user *user);
/* All, by handle; for tokens and the commands. */
MUST_USE struct error *users_list(struct users *users, struct arena *a, const struct user **out,
                                  size_t *count);

MUST_USE struct error *users_has_table(struct users *users, struct arena *a, bool *out);
/* Our own schema where the table is missing: handle unique, cognito_user_id unique unless 'MOCK'.
 * A table that is there is left as it is. */
MUST_USE struct error *users_prepare(struct users *users, struct arena *a);

/* The people of a demonstration. */
#define USERS_DEMO_COUNT 3
extern const char *const users_demo_handles[USERS_DEMO_COUNT]; /* andrewbrown, bayko, londo */
/* Adds those whose handle is missing, each with a uuid and an identity (cognito_user_id) of its
 * own. *added (may be NULL) counts them. */
MUST_USE struct error *users_add_demo(struct users *users, struct arena *a,
                                      const struct rand_source *rand, size_t *added);
/* Is this the handle of one of them? Sign-in on the page is for these only. */
bool users_is_demo(struct str handle);
/* Is there one that users_add_demo has made? */
MUST_USE struct error *users_has_demo(struct users *users, struct arena *a, bool *out);
