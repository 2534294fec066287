/* Users in SQLite: one file, one connection, its statements prepared once.
 *
 * `cruddur tokens` and the commands open the same file beside a running server: SQLite's own locks
 * keep them apart, and a busy file is waited for. */
#include "base/library.h"
#include "base/vec.h"
#include "messaging/users_store.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTIONS(F)                                                                               \
    F(sqlite3_bind_text)                                                                           \
    F(sqlite3_busy_timeout)                                                                        \
    F(sqlite3_clear_bindings)                                                                      \
    F(sqlite3_close_v2)                                                                            \
    F(sqlite3_column_bytes)                                                                        \
    F(sqlite3_column_text)                                                                         \
    F(sqlite3_errmsg)                                                                              \
    F(sqlite3_errstr)                                                                              \
    F(sqlite3_exec)                                                                                \
    F(sqlite3_extended_errcode)                                                                    \
    F(sqlite3_finalize)                                                                            \
    F(sqlite3_open_v2)                                                                             \
    F(sqlite3_prepare_v2)                                                                          \
    F(sqlite3_reset)                                                                               \
    F(sqlite3_step)

static const char *const function_names[] = {FUNCTIONS(LIBRARY_NAME)};

#define COLUMNS "uuid, handle, display_name, email, cognito_user_id"

enum query { FIND_HANDLE, FIND_UUID, FIND_COGNITO_ID, ADD, LIST, HAS_TABLE, QUERY_COUNT };

static const char *const query_text[QUERY_COUNT] = {
    [FIND_HANDLE] = "SELECT " COLUMNS " FROM users WHERE handle = ?1 LIMIT 2",
    [FIND_UUID] = "SELECT " COLUMNS " FROM users WHERE uuid = lower(?1) LIMIT 2",
    [FIND_COGNITO_ID] = "SELECT " COLUMNS " FROM users WHERE cognito_user_id = ?1 LIMIT 2",
    [ADD] = "INSERT INTO users (" COLUMNS ") VALUES (lower(?1), ?2, ?3, ?4, ?5)",
    [LIST] = "SELECT " COLUMNS " FROM users ORDER BY handle, uuid",
    [HAS_TABLE] = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'users'",
};

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS users ("
    "  uuid TEXT NOT NULL PRIMARY KEY,"
    "  display_name TEXT NOT NULL,"
    "  handle TEXT NOT NULL UNIQUE,"
    "  email TEXT NOT NULL,"
    "  cognito_user_id TEXT NOT NULL,"
    "  created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);"
    "CREATE UNIQUE INDEX IF NOT EXISTS users_cognito_user_id ON users (cognito_user_id)"
    "  WHERE cognito_user_id <> 'MOCK';"
    "COMMIT";

enum { BUSY_TIMEOUT_MS = 5000 };

struct sqlite_users {
    struct users_store store;
    struct {
        FUNCTIONS(LIBRARY_MEMBER)
    } lib;
    pthread_mutex_t lock; /* guards all below */
    sqlite3 *db;
    sqlite3_stmt *statements[QUERY_COUNT]; /* NULL until first used */
};

static struct sqlite_users *self_of(struct users_store *store)
{
    return (struct sqlite_users *)store;
}

static struct error *failed(struct sqlite_users *s, struct arena *a)
{
    int code = s->lib.sqlite3_extended_errcode(s->db);
    bool is_double = code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY;
    return error_new(a, is_double ? &users_taken : &users_unavailable, "users.db: %s",
                     s->lib.sqlite3_errmsg(s->db));
}

/* -- one query --------------------------------------------------------------------------------- */

static struct error *prepare(struct sqlite_users *s, struct arena *a, enum query query,
                             sqlite3_stmt **out)
{
    if (!s->statements[query] &&
        s->lib.sqlite3_prepare_v2(s->db, query_text[query], -1, &s->statements[query], NULL))
        return failed(s, a);
    *out = s->statements[query];
    return NULL;
}

static struct str column(struct sqlite_users *s, struct arena *a, sqlite3_stmt *row, int index)
{
    const char *text = (const char *)s->lib.sqlite3_column_text(row, index);
    int len = s->lib.sqlite3_column_bytes(row, index);
    return text ? arena_str(a, (struct str){text, (size_t)len}) : S("");
}

static struct user read_user(struct sqlite_users *s, struct arena *a, sqlite3_stmt *row)
{
    return (struct user){column(s, a, row, 0), column(s, a, row, 1), column(s, a, row, 2),
                         column(s, a, row, 3), column(s, a, row, 4)};
}

/* Rows of users; for other queries the caller takes their number only. */
struct rows {
    VEC(struct user) users;
    size_t count;
};

static struct error *run_locked(struct sqlite_users *s, struct arena *a, enum query query,
                                const struct str *values, int value_count, struct rows *rows)
{
    sqlite3_stmt *statement = NULL;
    TRY(prepare(s, a, query, &statement));
    for (int i = 0; i < value_count; i++)
        s->lib.sqlite3_bind_text(statement, i + 1, values[i].data, (int)values[i].len,
                                 SQLITE_STATIC);
    int step;
    while ((step = s->lib.sqlite3_step(statement)) == SQLITE_ROW) {
        rows->count++;
        if (query != HAS_TABLE)
            VEC_PUSH(a, &rows->users, read_user(s, a, statement));
    }
    struct error *error = step == SQLITE_DONE ? NULL : failed(s, a);
    s->lib.sqlite3_reset(statement);
    s->lib.sqlite3_clear_bindings(statement);
    return error;
}

static struct error *run(struct users_store *store, struct arena *a, enum query query,
                         const struct str *values, int value_count, struct rows *rows)
{
    struct sqlite_users *s = self_of(store);
    pthread_mutex_lock(&s->lock);
    struct error *error = run_locked(s, a, query, values, value_count, rows);
    pthread_mutex_unlock(&s->lock);
    return error;
}

/* -- the store's methods ----------------------------------------------------------------------- */

static struct error *sqlite_find(struct users_store *store, struct arena *a, enum users_key key,
                                 struct str value, struct user *out, size_t *count)
{
    static const enum query queries[] = {FIND_HANDLE, FIND_UUID, FIND_COGNITO_ID};
    struct rows rows = {.count = 0};
    TRY(run(store, a, queries[key], &value, 1, &rows));
    *count = rows.count;
    if (rows.count)
        *out = rows.users.items[0];
    return NULL;
}

static struct error *sqlite_add(struct users_store *store, struct arena *a, const struct user *user)
{
    const struct str values[] = {user->uuid, user->handle, user->display_name, user->email,
                                 user->cognito_user_id};
    struct rows rows = {.count = 0};
    return run(store, a, ADD, values, (int)countof(values), &rows);
}

static struct error *sqlite_list(struct users_store *store, struct arena *a,
                                 const struct user **out, size_t *count)
{
    struct rows rows = {.count = 0};
    TRY(run(store, a, LIST, NULL, 0, &rows));
    *out = rows.users.items;
    *count = rows.count;
    return NULL;
}

static struct error *sqlite_has_table(struct users_store *store, struct arena *a, bool *out)
{
    struct rows rows = {.count = 0};
    TRY(run(store, a, HAS_TABLE, NULL, 0, &rows));
    *out = rows.count > 0;
    return NULL;
}

static struct error *sqlite_create_table(struct users_store *store, struct arena *a)
{
    struct sqlite_users *s = self_of(store);
    pthread_mutex_lock(&s->lock);
    struct error *error = NULL;
    if (s->lib.sqlite3_exec(s->db, schema, NULL, NULL, NULL)) {
        error = failed(s, a);
        s->lib.sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    pthread_mutex_unlock(&s->lock);
    return error;
}

static void sqlite_close(struct users_store *store)
{
    struct sqlite_users *s = self_of(store);
    for (size_t i = 0; i < QUERY_COUNT; i++)
        s->lib.sqlite3_finalize(s->statements[i]);
    s->lib.sqlite3_close_v2(s->db);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static const struct users_store_ops ops = {
    .find = sqlite_find,
    .add = sqlite_add,
    .list = sqlite_list,
    .has_table = sqlite_has_table,
    .create_table = sqlite_create_table,
    .close = sqlite_close,
};

static struct error *open_file(struct sqlite_users *s, struct arena *a,
                               const struct users_options *options)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX;
    if (!options->must_exist)
        flags |= SQLITE_OPEN_CREATE;
    const char *path = arena_z(a, options->url);
    int code = s->lib.sqlite3_open_v2(path, &s->db, flags, NULL);
    if (code == SQLITE_CANTOPEN && options->must_exist)
        return error_new(a, &users_missing, "there is no %s", path);
    if (code != SQLITE_OK)
        return error_new(a, &users_unavailable, "cannot open %s: %s", path,
                         s->lib.sqlite3_errstr(code));
    s->lib.sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    /* Syncs the folder after a journal is removed, too: a journal that a power cut brings back
     * would undo the change that it belonged to, which has been acknowledged. */
    code = s->lib.sqlite3_exec(s->db, "PRAGMA synchronous = EXTRA", NULL, NULL, NULL);
    return code == SQLITE_OK ? NULL
                             : error_new(a, &users_unavailable, "cannot open %s: %s", path,
                                         s->lib.sqlite3_errstr(code));
}

struct error *users_sqlite_open(struct arena *a, const struct users_options *options,
                                struct users_store **out)
{
    struct sqlite_users *s = mem_zalloc(sizeof *s);
    s->store.ops = &ops;
    pthread_mutex_init(&s->lock, NULL);
    struct error *error = library_open(a, "libsqlite3.so.0", "libsqlite3-0", function_names,
                                       countof(function_names), &s->lib);
    if (error) {
        pthread_mutex_destroy(&s->lock);
        free(s);
        return error;
    }
    bool is_there;
    error = open_file(s, a, options);
    if (!error)
        error = sqlite_has_table(&s->store, a, &is_there); /* is it a database at all? */
    if (error) {
        sqlite_close(&s->store);
        return error;
    }
    *out = &s->store;
    return NULL;
}
