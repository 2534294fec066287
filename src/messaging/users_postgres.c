/* Users in PostgreSQL: a pool of connections, each used by one thread at a time.
 *
 * A connection is made when it is first needed and kept. One that has failed is reset once and the
 * statement sent again: reads can be repeated, and an INSERT that went through before the line
 * broke then answers "taken". Who finds all in use waits for POOL_WAIT_MS at most. */
#include "base/library.h"
#include "messaging/users_store.h"

#include <postgresql/libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FUNCTIONS(F)                                                                               \
    F(PQclear)                                                                                     \
    F(PQconnectdbParams)                                                                           \
    F(PQerrorMessage)                                                                              \
    F(PQexecParams)                                                                                \
    F(PQfinish)                                                                                    \
    F(PQgetlength)                                                                                 \
    F(PQgetvalue)                                                                                  \
    F(PQntuples)                                                                                   \
    F(PQreset)                                                                                     \
    F(PQresultErrorField)                                                                          \
    F(PQresultErrorMessage)                                                                        \
    F(PQresultStatus)                                                                              \
    F(PQsetNoticeProcessor)                                                                        \
    F(PQstatus)

static const char *const function_names[] = {FUNCTIONS(LIBRARY_NAME)};

#define COLUMNS "uuid, handle, display_name, email, cognito_user_id"
#define UNIQUE_VIOLATION "23505"

static const char *const find_query[] = {
    [USERS_BY_HANDLE] = "SELECT " COLUMNS " FROM public.users WHERE handle = $1 LIMIT 2",
    [USERS_BY_UUID] = "SELECT " COLUMNS " FROM public.users WHERE uuid = $1 LIMIT 2",
    [USERS_BY_COGNITO_ID] =
        "SELECT " COLUMNS " FROM public.users WHERE cognito_user_id = $1 LIMIT 2",
};

static const char add_query[] =
    "INSERT INTO public.users (" COLUMNS ") VALUES ($1, $2, $3, $4, $5)";
static const char list_query[] =
    "SELECT " COLUMNS " FROM public.users ORDER BY handle COLLATE \"C\", uuid";
static const char has_table_query[] = "SELECT 1 WHERE to_regclass('public.users') IS NOT NULL";

/* Two statements, because a parameterised query is one statement; each may be repeated. */
static const char *const schema[] = {
    "CREATE TABLE IF NOT EXISTS public.users ("
    "  uuid UUID PRIMARY KEY,"
    "  display_name text NOT NULL,"
    "  handle text NOT NULL UNIQUE,"
    "  email text NOT NULL,"
    "  cognito_user_id text NOT NULL,"
    "  created_at timestamp NOT NULL DEFAULT current_timestamp)",
    "CREATE UNIQUE INDEX IF NOT EXISTS users_cognito_user_id ON public.users (cognito_user_id)"
    "  WHERE cognito_user_id <> 'MOCK'",
};

enum { DEFAULT_CONNECTIONS = 8, POOL_WAIT_MS = 5000, VALUES_MAX = 5 };

struct postgres_users {
    struct users_store store;
    struct {
        FUNCTIONS(LIBRARY_MEMBER)
    } lib;
    char *url;
    pthread_mutex_t lock; /* guards the pool below */
    pthread_cond_t is_free;
    PGconn **idle;
    size_t idle_count, made, max;
};

static struct postgres_users *self_of(struct users_store *store)
{
    return (struct postgres_users *)store;
}

/* -- the pool ---------------------------------------------------------------------------------- */

static void drop_notice(void *context, const char *message)
{
    (void)context, (void)message;
}

/* Connects whatever the outcome; the caller looks at PQstatus. */
static PGconn *connect_new(struct postgres_users *s)
{
    /* What the URL says comes later and wins. */
    static const char *const names[] = {"connect_timeout", "tcp_user_timeout", "application_name",
                                        "client_encoding", "dbname",           NULL};
    const char *const values[] = {"5", "10000", "cruddur", "UTF8", s->url, NULL};
    PGconn *connection = s->lib.PQconnectdbParams(names, values, 1);
    if (connection)
        s->lib.PQsetNoticeProcessor(connection, drop_notice, NULL);
    return connection;
}

static void give_back(struct postgres_users *s, PGconn *connection)
{
    bool is_good = connection && s->lib.PQstatus(connection) == CONNECTION_OK;
    if (!is_good)
        s->lib.PQfinish(connection);
    pthread_mutex_lock(&s->lock);
    if (is_good)
        s->idle[s->idle_count++] = connection;
    else
        s->made--;
    pthread_cond_signal(&s->is_free);
    pthread_mutex_unlock(&s->lock);
}

/* An idle connection, or NULL in *out for "make one"; its place is counted either way. */
static struct error *take_place(struct postgres_users *s, struct arena *a, PGconn **out)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += POOL_WAIT_MS / 1000;
    struct error *error = NULL;
    *out = NULL;
    pthread_mutex_lock(&s->lock);
    while (!s->idle_count && s->made == s->max && !error)
        if (pthread_cond_timedwait(&s->is_free, &s->lock, &until) != 0 && !s->idle_count &&
            s->made == s->max)
            error = error_new(a, &users_unavailable, "PostgreSQL: all %zu connections are busy",
                              s->max);
    if (!error && s->idle_count)
        *out = s->idle[--s->idle_count];
    else if (!error)
        s->made++;
    pthread_mutex_unlock(&s->lock);
    return error;
}

static struct error *take(struct postgres_users *s, struct arena *a, PGconn **out)
{
    TRY(take_place(s, a, out));
    if (!*out)
        *out = connect_new(s);
    if (*out && s->lib.PQstatus(*out) == CONNECTION_OK)
        return NULL;
    struct str why = str_trim(str_z(*out ? s->lib.PQerrorMessage(*out) : "out of memory"));
    struct error *error =
        error_new(a, &users_unavailable, "cannot reach PostgreSQL: %.*s", STR_ARG(why));
    give_back(s, *out);
    return error;
}

/* -- one statement ----------------------------------------------------------------------------- */

static bool has_worked(struct postgres_users *s, const PGresult *result)
{
    ExecStatusType status = s->lib.PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

static struct error *failed(struct postgres_users *s, struct arena *a, const PGresult *result)
{
    const char *state = s->lib.PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool is_double = state && strcmp(state, UNIQUE_VIOLATION) == 0;
    struct str why = str_trim(str_z(s->lib.PQresultErrorMessage(result)));
    return error_new(a, is_double ? &users_taken : &users_unavailable, "PostgreSQL: %.*s",
                     STR_ARG(why));
}

static PGresult *send_statement(struct postgres_users *s, PGconn *connection, const char *text,
                                const char *const *values, int value_count)
{
    return s->lib.PQexecParams(connection, text, value_count, NULL, values, NULL, NULL, 0);
}

static void read_users(struct postgres_users *s, struct arena *a, const PGresult *result,
                       const struct user **out, size_t *count)
{
    int rows = s->lib.PQntuples(result);
    struct user *users = arena_array(a, struct user, (size_t)rows + 1);
    for (int i = 0; i < rows; i++) {
        struct str *const columns[] = {&users[i].uuid, &users[i].handle, &users[i].display_name,
                                       &users[i].email, &users[i].cognito_user_id};
        for (int c = 0; c < (int)countof(columns); c++)
            *columns[c] = arena_str(a, (struct str){s->lib.PQgetvalue(result, i, c),
                                                    (size_t)s->lib.PQgetlength(result, i, c)});
    }
    *out = users;
    *count = (size_t)rows;
}

/* Runs it on a connection of the pool; `users` NULL: only the number of rows is wanted. */
static struct error *run(struct users_store *store, struct arena *a, const char *text,
                         const struct str *values, size_t value_count, const struct user **users,
                         size_t *count)
{
    struct postgres_users *s = self_of(store);
    const char *texts[VALUES_MAX];
    for (size_t i = 0; i < value_count; i++)
        texts[i] = arena_z(a, values[i]);
    PGconn *connection;
    TRY(take(s, a, &connection));
    PGresult *result = send_statement(s, connection, text, texts, (int)value_count);
    if (!has_worked(s, result) && s->lib.PQstatus(connection) != CONNECTION_OK) {
        s->lib.PQclear(result);
        s->lib.PQreset(connection);
        result = send_statement(s, connection, text, texts, (int)value_count);
    }
    struct error *error = NULL;
    if (!has_worked(s, result))
        error = failed(s, a, result);
    else if (users)
        read_users(s, a, result, users, count);
    else
        *count = (size_t)s->lib.PQntuples(result);
    s->lib.PQclear(result);
    give_back(s, connection);
    return error;
}

/* -- the store's methods ----------------------------------------------------------------------- */

static struct error *postgres_find(struct users_store *store, struct arena *a, enum users_key key,
                                   struct str value, struct user *out, size_t *count)
{
    const struct user *users;
    TRY(run(store, a, find_query[key], &value, 1, &users, count));
    if (*count)
        *out = users[0];
    return NULL;
}

static struct error *postgres_add(struct users_store *store, struct arena *a,
                                  const struct user *user)
{
    const struct str values[] = {user->uuid, user->handle, user->display_name, user->email,
                                 user->cognito_user_id};
    size_t count;
    return run(store, a, add_query, values, countof(values), NULL, &count);
}

static struct error *postgres_list(struct users_store *store, struct arena *a,
                                   const struct user **out, size_t *count)
{
    return run(store, a, list_query, NULL, 0, out, count);
}

static struct error *postgres_has_table(struct users_store *store, struct arena *a, bool *out)
{
    size_t count;
    TRY(run(store, a, has_table_query, NULL, 0, NULL, &count));
    *out = count > 0;
    return NULL;
}

static struct error *postgres_create_table(struct users_store *store, struct arena *a)
{
    size_t count;
    for (size_t i = 0; i < countof(schema); i++)
        TRY(run(store, a, schema[i], NULL, 0, NULL, &count));
    return NULL;
}

static void postgres_close(struct users_store *store)
{
    struct postgres_users *s = self_of(store);
    for (size_t i = 0; i < s->idle_count; i++)
        s->lib.PQfinish(s->idle[i]);
    pthread_cond_destroy(&s->is_free);
    pthread_mutex_destroy(&s->lock);
    free(s->idle);
    free(s->url);
    free(s);
}

static const struct users_store_ops ops = {
    .find = postgres_find,
    .add = postgres_add,
    .list = postgres_list,
    .has_table = postgres_has_table,
    .create_table = postgres_create_table,
    .close = postgres_close,
};

struct error *users_postgres_open(struct arena *a, const struct users_options *options,
                                  struct users_store **out)
{
    struct postgres_users *s = mem_zalloc(sizeof *s);
    s->store.ops = &ops;
    struct error *error =
        library_open(a, "libpq.so.5", "libpq5", function_names, countof(function_names), &s->lib);
    if (error) {
        free(s);
        return error;
    }
    s->url = strndup(options->url.data, options->url.len);
    s->max = options->connections ? options->connections : DEFAULT_CONNECTIONS;
    s->idle = mem_zalloc(s->max * sizeof(PGconn *));
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->is_free, &monotonic);
    pthread_condattr_destroy(&monotonic);
    bool is_there;
    error = postgres_has_table(&s->store, a, &is_there); /* a wrong URL is told at the start */
    if (error) {
        postgres_close(&s->store);
        return error;
    }
    *out = &s->store;
    return NULL;
}
