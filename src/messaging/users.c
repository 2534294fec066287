#include "messaging/users.h"

#include "base/log.h"
#include "base/map.h"
#include "messaging/users_store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const struct error_kind users_taken = {"users_taken", 409, false};
const struct error_kind users_unavailable = {"users_unavailable", 503, true};
const struct error_kind users_missing = {"users_missing", 500, false};

enum {
    CACHE_LIFE_US = 1000000, /* a changed name is seen after a second */
    CACHE_ENTRIES = 10000,
    VALUE_MAX_BYTES = 512, /* of a handle, uuid or identity */
};

static const struct str mock = STR_INIT("MOCK"), subject_uuid = STR_INIT("uuid:");

/* One remembered person; the strings stand behind the struct. */
struct entry {
    int64_t until_us;
    struct user user;
};

struct users {
    struct users_store *store;
    const struct clock *clock;
    pthread_mutex_t lock; /* guards cache */
    struct map cache;     /* key letter + value -> struct entry */
};

/* -- life -------------------------------------------------------------------------------------- */

static bool is_postgres(struct str url)
{
    return str_starts(url, S("postgresql://")) || str_starts(url, S("postgres://"));
}

struct error *users_open(struct arena *a, const struct users_options *options, struct users **out)
{
    struct users_store *store;
    if (is_postgres(options->url))
        TRY(users_postgres_open(a, options, &store));
    else
        TRY(users_sqlite_open(a, options, &store));
    struct users *u = mem_zalloc(sizeof *u);
    u->store = store;
    u->clock = options->clock;
    pthread_mutex_init(&u->lock, NULL);
    map_init(&u->cache);
    *out = u;
    return NULL;
}

static void forget_all(struct users *u)
{
    size_t cursor = 0;
    struct str key;
    void *entry;
    while (map_next(&u->cache, &cursor, &key, &entry))
        free(entry);
    map_clear(&u->cache);
    map_init(&u->cache);
}

void users_close(struct users *u)
{
    if (!u)
        return;
    u->store->ops->close(u->store);
    forget_all(u);
    map_clear(&u->cache);
    pthread_mutex_destroy(&u->lock);
    free(u);
}

/* -- the cache --------------------------------------------------------------------------------- */

static struct str cache_key(struct arena *a, enum users_key key, struct str value)
{
    return arena_printf(a, "%c%.*s", "huc"[key], STR_ARG(value));
}

static struct user copy_user(const struct user *user, struct str (*copy)(void *to, struct str s),
                             void *to)
{
    return (struct user){copy(to, user->uuid), copy(to, user->handle), copy(to, user->display_name),
                         copy(to, user->email), copy(to, user->cognito_user_id)};
}

static struct str copy_to_arena(void *to, struct str s)
{
    return arena_str(to, s);
}

static struct str copy_behind(void *to, struct str s)
{
    char **at = to;
    struct str copy = {*at, s.len};
    if (s.len)
        memcpy(*at, s.data, s.len);
    *at += s.len;
    return copy;
}

static bool recall(struct users *u, struct arena *a, struct str key, struct user *out)
{
    pthread_mutex_lock(&u->lock);
    const struct entry *entry = map_get(&u->cache, key);
    bool is_fresh = entry && clock_monotonic_us(u->clock) < entry->until_us;
    if (is_fresh)
        *out = copy_user(&entry->user, copy_to_arena, a);
    pthread_mutex_unlock(&u->lock);
    return is_fresh;
}

static void remember(struct users *u, struct str key, const struct user *user)
{
    size_t len = user->uuid.len + user->handle.len + user->display_name.len + user->email.len +
                 user->cognito_user_id.len;
    struct entry *entry = mem_alloc(sizeof *entry + len);
    char *at = (char *)(entry + 1);
    entry->user = copy_user(user, copy_behind, &at);
    entry->until_us = clock_monotonic_us(u->clock) + CACHE_LIFE_US;
    pthread_mutex_lock(&u->lock);
    if (u->cache.count >= CACHE_ENTRIES)
        forget_all(u);
    free(map_put(&u->cache, key, entry));
    pthread_mutex_unlock(&u->lock);
}

/* -- finding ----------------------------------------------------------------------------------- */

/* Values come from outside; what no store could hold is found nowhere. */
static bool is_possible(struct str value)
{
    return value.len > 0 && value.len <= VALUE_MAX_BYTES && str_is_utf8(value) &&
           !memchr(value.data, 0, value.len);
}

static struct error *find(struct users *u, struct arena *a, enum users_key key, struct str value,
                          struct user *out, bool *found)
{
    static const char *const names[] = {"handle", "uuid", "cognito_user_id"};
    *found = false;
    if (!is_possible(value))
        return NULL;
    struct str name = cache_key(a, key, value);
    if ((*found = recall(u, a, name, out)))
        return NULL;
    size_t count = 0;
    TRY(u->store->ops->find(u->store, a, key, value, out, &count));
    if (count > 1)
        log_warn("users: %s \"%.*s\" stands in more than one row; refused", names[key],
                 STR_ARG(value));
    *found = count == 1;
    if (*found)
        remember(u, name, out);
    return NULL;
}

struct error *users_by_handle(struct users *u, struct arena *a, struct str handle, struct user *out,
                              bool *found)
{
    return find(u, a, USERS_BY_HANDLE, handle, out, found);
}

/* PostgreSQL refuses a comparison with what is no uuid, so that is not even asked. */
static bool is_uuid(struct str s)
{
    if (s.len != 36)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = s.data[i];
        bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (is_dash ? c != '-' : !is_hex)
            return false;
    }
    return true;
}

struct error *users_by_uuid(struct users *u, struct arena *a, struct str uuid, struct user *out,
                            bool *found)
{
    *found = false;
    return is_uuid(uuid) ? find(u, a, USERS_BY_UUID, uuid, out, found) : NULL;
}

struct error *users_by_cognito_id(struct users *u, struct arena *a, struct str id, struct user *out,
                                  bool *found)
{
    *found = false;
    return str_eq(id, mock) ? NULL : find(u, a, USERS_BY_COGNITO_ID, id, out, found);
}

struct str users_subject(struct arena *a, const struct user *user)
{
    return str_eq(user->cognito_user_id, mock) ? arena_join(a, subject_uuid, user->uuid)
                                               : user->cognito_user_id;
}

struct error *users_by_subject(struct users *u, struct arena *a, struct str sub, struct user *out,
                               bool *found)
{
    if (str_starts(sub, subject_uuid))
        return users_by_uuid(u, a, str_from(sub, subject_uuid.len), out, found);
    return users_by_cognito_id(u, a, sub, out, found);
}

struct error *users_list(struct users *u, struct arena *a, const struct user **out, size_t *count)
{
    return u->store->ops->list(u->store, a, out, count);
}

/* -- changing ---------------------------------------------------------------------------------- */

struct error *users_add(struct users *u, struct arena *a, const struct user *user)
{
    if (!is_uuid(user->uuid))
        return error_new(a, &error_usage, "\"%.*s\" is no uuid", STR_ARG(user->uuid));
    if (!is_possible(user->handle) || !is_possible(user->cognito_user_id) ||
        !is_possible(user->display_name) || (user->email.len && !is_possible(user->email)))
        return error_new(a, &error_usage,
                         "a user needs a handle, a name and an identity of UTF-8, at most %d bytes "
                         "each",
                         VALUE_MAX_BYTES);
    return u->store->ops->add(u->store, a, user);
}

struct error *users_has_table(struct users *u, struct arena *a, bool *out)
{
    return u->store->ops->has_table(u->store, a, out);
}

struct error *users_prepare(struct users *u, struct arena *a)
{
    bool is_there;
    TRY(users_has_table(u, a, &is_there));
    return is_there ? NULL : u->store->ops->create_table(u->store, a);
}

/* -- the people of a demonstration ------------------------------------------------------------- */

const char *const users_demo_handles[USERS_DEMO_COUNT] = {"andrewbrown", "bayko", "londo"};

static const char *const demo_names[USERS_DEMO_COUNT] = {"Andrew Brown", "Andrew Bayko",
                                                         "Londo Mollari"};

static struct str demo_email(struct arena *a, size_t i)
{
    return arena_printf(a, "%s@example.com", users_demo_handles[i]);
}

bool users_is_demo(struct str handle)
{
    for (size_t i = 0; i < USERS_DEMO_COUNT; i++)
        if (str_eq(handle, str_z(users_demo_handles[i])))
            return true;
    return false;
}

struct error *users_add_demo(struct users *u, struct arena *a, const struct rand_source *rand,
                             size_t *added)
{
    size_t count = 0;
    for (size_t i = 0; i < USERS_DEMO_COUNT; i++) {
        char uuid[RAND_UUID_BYTES], sub[RAND_UUID_BYTES];
        struct user user;
        bool found;
        struct str handle = str_z(users_demo_handles[i]);
        /* Looked for first: upstream's table takes a handle twice. */
        TRY(users_by_handle(u, a, handle, &user, &found));
        if (found)
            continue;
        user = (struct user){rand_uuid(rand, uuid), handle, str_z(demo_names[i]), demo_email(a, i),
                             rand_uuid(rand, sub)};
        struct error *error = users_add(u, a, &user);
        if (error && error->kind != &users_taken) /* another server may be first */
            return error;
        count += !error;
    }
    if (added)
        *added = count;
    return NULL;
}

struct error *users_has_demo(struct users *u, struct arena *a, bool *out)
{
    *out = false;
    for (size_t i = 0; i < USERS_DEMO_COUNT; i++) {
        struct user user;
        bool found;
        TRY(users_by_handle(u, a, str_z(users_demo_handles[i]), &user, &found));
        if (found && str_eq(user.email, demo_email(a, i)))
            *out = true;
    }
    return NULL;
}
