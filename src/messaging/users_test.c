/* The same tests on both stores: SQLite in a folder of its own, and PostgreSQL when POSTGRES_URL is
 * set (tests/with-postgres.sh). */
#include "messaging/users.h"

#include "messaging/users_store.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench {
    struct clock_manual time;
    struct clock clock;
    const char *folder; /* of the SQLite file; NULL: PostgreSQL */
    struct str url;
    struct users *users;
};

static void exec_postgres(struct arena *a, const char *sql)
{
    const char *command = arena_printf(a,
                                       "PGOPTIONS=--client-min-messages=warning psql -q -o "
                                       "/dev/null -d \"$POSTGRES_URL\" -c \"%s\" 2>&1%c",
                                       sql, 0)
                              .data;
    CHECK_INT(system(command), 0);
}

static struct error *open_users(struct bench *b, struct arena *a)
{
    const struct users_options options = {b->url, &b->clock, .connections = 2};
    return users_open(a, &options, &b->users);
}

static void set_up(struct bench *b, struct arena *a)
{
    *b = (struct bench){.time = {1790000000000000}};
    b->clock = clock_manual(&b->time);
    const char *postgres = getenv("POSTGRES_URL");
    if (postgres) {
        exec_postgres(a, "DROP TABLE IF EXISTS public.users");
        b->url = str_z(postgres);
    } else {
        char *folder = arena_alloc(a, 32);
        strcpy(folder, "users_test.XXXXXX");
        CHECK(mkdtemp(folder));
        b->folder = folder;
        b->url = arena_printf(a, "%s/users.db", folder);
    }
    CHECK(!open_users(b, a));
}

static void tear_down(struct bench *b, struct arena *a)
{
    users_close(b->users);
    if (b->folder) {
        unlink(arena_z(a, b->url));
        CHECK_INT(rmdir(b->folder), 0);
    }
}

static const struct user garibaldi = {STR_INIT("11111111-1111-4111-8111-111111111111"),
                                      STR_INIT("garibaldi"), STR_INIT("Michael Garibaldi \xc3\xa9"),
                                      STR_INIT("g@example.com"), STR_INIT("sub-g")};

TEST(own_table_is_made_once_and_holds_the_demo_people)
{
    struct bench b;
    set_up(&b, arena);
    bool is_there = true;
    size_t added = 0;
    CHECK(!users_has_table(b.users, arena, &is_there) && !is_there);
    for (int i = 0; i < 2; i++) {
        CHECK(!users_prepare(b.users, arena));
        CHECK(!users_add_demo(b.users, arena, &rand_system, &added));
        CHECK_INT(added, i ? 0 : 3);
        CHECK(!users_has_table(b.users, arena, &is_there) && is_there);
    }
    const struct user *all = NULL;
    size_t count = 0;
    CHECK(!users_list(b.users, arena, &all, &count));
    CHECK_INT(count, 3);
    static const char *const want[][2] = {
        {"andrewbrown", "Andrew Brown"}, {"bayko", "Andrew Bayko"}, {"londo", "Londo Mollari"}};
    for (size_t i = 0; i < count && i < 3; i++) {
        CHECK_STR(all[i].handle, str_z(want[i][0]));
        CHECK_STR(all[i].display_name, str_z(want[i][1]));
        CHECK(users_is_demo(all[i].handle));
        CHECK(all[i].uuid.len == 36 && all[i].cognito_user_id.len == 36);
        CHECK(!str_eq(all[i].uuid, all[i].cognito_user_id));
    }
    CHECK(!users_is_demo(S("nobody")));
    bool has_demo = false;
    CHECK(!users_has_demo(b.users, arena, &has_demo) && has_demo);
    tear_down(&b, arena);
}

TEST(person_is_found_by_handle_uuid_and_identity)
{
    struct bench b;
    struct user found;
    bool is_found = false;
    set_up(&b, arena);
    CHECK(!users_prepare(b.users, arena));
    CHECK(!users_add(b.users, arena, &garibaldi));
    CHECK(!users_by_handle(b.users, arena, S("garibaldi"), &found, &is_found) && is_found);
    CHECK_STR(found.display_name, garibaldi.display_name);
    CHECK_STR(found.email, garibaldi.email);
    CHECK(!users_by_uuid(b.users, arena, garibaldi.uuid, &found, &is_found) && is_found);
    CHECK_STR(found.handle, S("garibaldi"));
    CHECK(!users_by_cognito_id(b.users, arena, S("sub-g"), &found, &is_found) && is_found);
    CHECK_STR(found.uuid, garibaldi.uuid);
    tear_down(&b, arena);
}

TEST(hostile_values_find_nobody_and_fail_nothing)
{
    struct bench b;
    struct user found;
    bool is_found = true;
    set_up(&b, arena);
    CHECK(!users_prepare(b.users, arena));
    CHECK(!users_add(b.users, arena, &garibaldi));
    char longest[2000];
    memset(longest, 'x', sizeof longest);
    const struct str values[] = {S(""),
                                 S("Garibaldi"),
                                 S("garibaldi\0"),
                                 S("\0"),
                                 S("\xff\xfe"),
                                 S("' OR 1=1 --"),
                                 S("garibaldi'"),
                                 S("%"),
                                 S("\xed\xa0\x80"),
                                 S("11111111-1111-4111-8111-11111111111g"),
                                 {longest, sizeof longest}};
    for (size_t i = 0; i < countof(values); i++) {
        CHECK(!users_by_handle(b.users, arena, values[i], &found, &is_found) && !is_found);
        CHECK(!users_by_uuid(b.users, arena, values[i], &found, &is_found) && !is_found);
        CHECK(!users_by_cognito_id(b.users, arena, values[i], &found, &is_found) && !is_found);
    }
    tear_down(&b, arena);
}

TEST(doubles_are_refused_but_for_mock)
{
    struct bench b;
    set_up(&b, arena);
    CHECK(!users_prepare(b.users, arena));
    CHECK(!users_add(b.users, arena, &garibaldi));
    struct user other = garibaldi;
    other.uuid = S("22222222-2222-4222-8222-222222222222");
    struct error *error = users_add(b.users, arena, &other);
    CHECK(error && error->kind == &users_taken);
    other.handle = S("other");
    error = users_add(b.users, arena, &other);
    CHECK(error && error->kind == &users_taken); /* the identity */
    other.cognito_user_id = S("MOCK");
    CHECK(!users_add(b.users, arena, &other));
    other.uuid = S("33333333-3333-4333-8333-333333333333");
    other.handle = S("third");
    CHECK(!users_add(b.users, arena, &other));
    bool is_found = true;
    struct str sub = users_subject(arena, &other);
    CHECK_STR(sub, S("uuid:33333333-3333-4333-8333-333333333333"));
    CHECK(!users_by_cognito_id(b.users, arena, S("MOCK"), &other, &is_found) && !is_found);
    CHECK(!users_by_subject(b.users, arena, sub, &other, &is_found) && is_found);
    CHECK_STR(other.handle, S("third"));
    CHECK(!users_by_subject(b.users, arena, S("uuid:MOCK"), &other, &is_found) && !is_found);
    CHECK(!users_by_subject(b.users, arena, S("sub-g"), &other, &is_found) && is_found);
    CHECK_STR(other.handle, S("garibaldi"));
    CHECK_STR(users_subject(arena, &other), S("sub-g"));
    tear_down(&b, arena);
}

TEST(unfit_people_are_not_added)
{
    struct bench b;
    set_up(&b, arena);
    CHECK(!users_prepare(b.users, arena));
    struct user bad = garibaldi;
    bad.uuid = S("garibaldi");
    struct error *error = users_add(b.users, arena, &bad);
    CHECK(error && error->kind == &error_usage);
    bad = garibaldi;
    bad.handle = S("");
    CHECK(users_add(b.users, arena, &bad) != NULL);
    bad = garibaldi;
    bad.display_name = S("\xff");
    CHECK(users_add(b.users, arena, &bad) != NULL);
    tear_down(&b, arena);
}

TEST(changed_name_is_seen_after_a_second)
{
    struct bench b;
    struct user found;
    bool is_found;
    set_up(&b, arena);
    CHECK(!users_prepare(b.users, arena));
    CHECK(!users_by_handle(b.users, arena, S("garibaldi"), &found, &is_found) && !is_found);
    CHECK(!users_add(b.users, arena, &garibaldi)); /* absence is not remembered */
    CHECK(!users_by_handle(b.users, arena, S("garibaldi"), &found, &is_found) && is_found);
    const char *change =
        "UPDATE users SET display_name = 'Mr Garibaldi' WHERE handle = 'garibaldi'";
    if (b.folder) {
        const char *script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                             "c.execute(sys.argv[2]); c.commit()";
        CHECK_INT(system(arena_printf(arena, "python3 -c '%s' %.*s \"%s\"%c", script,
                                      STR_ARG(b.url), change, 0)
                             .data),
                  0);
    } else {
        exec_postgres(arena, change);
    }
    b.time.time_us += 999999;
    CHECK(!users_by_handle(b.users, arena, S("garibaldi"), &found, &is_found) && is_found);
    CHECK_STR(found.display_name, garibaldi.display_name);
    b.time.time_us += 1;
    CHECK(!users_by_handle(b.users, arena, S("garibaldi"), &found, &is_found) && is_found);
    CHECK_STR(found.display_name, S("Mr Garibaldi"));
    tear_down(&b, arena);
}

TEST(sqlite_file_that_is_missing_or_damaged_is_an_error)
{
    struct bench b;
    set_up(&b, arena);
    if (b.folder) {
        struct users_options options = {arena_printf(arena, "%s/none.db", b.folder), &b.clock,
                                        .must_exist = true};
        struct users *users = NULL;
        struct error *error = users_open(arena, &options, &users);
        CHECK(error && error->kind == &users_missing);
        options.url = arena_printf(arena, "%s/no/such/folder/users.db", b.folder);
        options.must_exist = false;
        CHECK(users_open(arena, &options, &users) != NULL);
        const char *path = arena_printf(arena, "%s/bad.db%c", b.folder, 0).data;
        FILE *bad = fopen(path, "w");
        CHECK(bad && fprintf(bad, "%01024d", 7) > 0 && fclose(bad) == 0);
        options.url = str_z(path);
        error = users_open(arena, &options, &users);
        CHECK(error && error->kind == &users_unavailable);
        unlink(path);
    }
    tear_down(&b, arena);
}

/* Upstream's own table: no unique constraint anywhere. */
TEST(upstream_table_is_used_as_it_is_and_its_doubles_are_refused)
{
    struct bench b;
    struct user found;
    bool is_found = true;
    set_up(&b, arena);
    if (!b.folder) {
        exec_postgres(arena,
                      "CREATE TABLE public.users (uuid UUID DEFAULT gen_random_uuid() PRIMARY "
                      "KEY, display_name text NOT NULL, handle text NOT NULL, email text NOT "
                      "NULL, cognito_user_id text NOT NULL, created_at TIMESTAMP default "
                      "current_timestamp NOT NULL, bio text)");
        exec_postgres(arena,
                      "INSERT INTO public.users (display_name, email, handle, cognito_user_id) "
                      "VALUES ('A', 'a@x', 'twice', 'MOCK'), ('B', 'b@x', 'twice', 'MOCK'), "
                      "('C', 'c@x', 'once', 'MOCK'), ('D','d@x','d','s1'), "
                      "('E','e@x','e','s1')");
        CHECK(!users_prepare(b.users, arena));
        CHECK(!users_by_handle(b.users, arena, S("twice"), &found, &is_found) && !is_found);
        CHECK(!users_by_cognito_id(b.users, arena, S("s1"), &found, &is_found) && !is_found);
        CHECK(!users_by_handle(b.users, arena, S("once"), &found, &is_found) && is_found);
        CHECK_STR(found.display_name, S("C"));
        const struct user *all;
        size_t count = 0;
        CHECK(!users_list(b.users, arena, &all, &count));
        CHECK_INT(count, 5);
    }
    tear_down(&b, arena);
}

TEST(broken_connection_is_made_anew)
{
    struct bench b;
    struct user found;
    bool is_found = false;
    set_up(&b, arena);
    if (!b.folder) {
        CHECK(!users_prepare(b.users, arena));
        CHECK(!users_add(b.users, arena, &garibaldi));
        exec_postgres(arena, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                             "application_name = 'cruddur'");
        CHECK(!users_by_handle(b.users, arena, S("garibaldi"), &found, &is_found) && is_found);
    }
    tear_down(&b, arena);
}

TEST(unreachable_postgres_is_told_at_once)
{
    const struct users_options options = {S("postgresql://nobody@127.0.0.1:1/none"), &clock_system};
    struct users *users = NULL;
    struct error *error = users_open(arena, &options, &users);
    CHECK(error && error->kind == &users_unavailable);
    CHECK(error && str_contains(error->message, S("cannot reach PostgreSQL")));
}

TAP_MAIN(T(own_table_is_made_once_and_holds_the_demo_people),
         T(person_is_found_by_handle_uuid_and_identity),
         T(hostile_values_find_nobody_and_fail_nothing), T(doubles_are_refused_but_for_mock),
         T(unfit_people_are_not_added), T(changed_name_is_seen_after_a_second),
         T(sqlite_file_that_is_missing_or_damaged_is_an_error),
         T(upstream_table_is_used_as_it_is_and_its_doubles_are_refused),
         T(broken_connection_is_made_anew), T(unreachable_postgres_is_told_at_once))
