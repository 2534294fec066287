/* kill -9 while people write: every acknowledged message is there afterwards, and nothing is half
 * there. A child writes and reports each answer through a pipe; the parent kills it at a random
 * moment, opens the folder and looks. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "messaging/chat_fixture.h"

#define ROUNDS 4
#define WRITERS 4
#define TEXTS_MAX 100000

static struct world w;

/* -- the child --------------------------------------------------------------------------------- */

struct writer {
    pthread_t thread;
    int pipe, round, index;
};

/* Each message has a number of its own; its acknowledgement is that number on a line. */
static void *write_on(void *context)
{
    struct writer *writer = context;
    struct arena a;
    arena_init(&a);
    for (int i = 0;; i++) {
        enum person_index from = writer->index % 2 ? ANDREW : BAYKO;
        struct chat_send send = {
            .text = arena_printf(&a, "%d", (writer->round * WRITERS + writer->index) * 5000 + i),
            .to = world_user(&w, from == ANDREW ? BAYKO : ANDREW),
        };
        struct chat_sent sent;
        if (!chat_send(w.chat, &a, world_user(&w, from), &send, &sent, NULL))
            dprintf(writer->pipe, "%.*s\n", STR_ARG(send.text));
        arena_reset(&a);
    }
    return NULL;
}

static void run_child(struct arena *arena, const char *dir, int round, int pipe)
{
    struct writer writers[WRITERS];
    world_open_dir(&w, arena, dir);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.pipe = pipe, .round = round, .index = i};
        if (pthread_create(&writers[i].thread, NULL, write_on, &writers[i]))
            exit(1);
    }
    for (;;)
        pause();
}

/* -- the parent -------------------------------------------------------------------------------- */

/* Reads acknowledgements for a while, kills, reads the rest. */
static int run_and_kill(struct arena *arena, const char *dir, int round, bool *acknowledged,
                        int at_least)
{
    int ends[2], count = 0, number;
    if (pipe(ends))
        exit(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        run_child(arena, dir, round, ends[1]);
    }
    close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    while (lines && fscanf(lines, "%d\n", &number) == 1) {
        acknowledged[number] = true;
        if (++count == at_least)
            kill(child, SIGKILL);
    }
    if (lines)
        fclose(lines);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return count;
}

static struct str pair_group(struct arena *arena)
{
    struct chat_page page = {.limit = 100};
    const struct chat_group *groups;
    size_t count = 0;
    CHECK(!chat_groups(w.chat, arena, world_user(&w, ANDREW), &page, &groups, &count, NULL));
    CHECK_INT(count, 1);
    return count ? groups[0].uuid : (struct str){"", 0};
}

/* All acknowledged, each once, numbered without holes; one group row each, at the newest. */
static void check_world(struct arena *arena, const bool *acknowledged)
{
    bool *seen = arena_array(arena, bool, TEXTS_MAX);
    struct str group = pair_group(arena), newest = {"", 0};
    struct chat_page page = {.limit = 100};
    int64_t expected = -1;
    do {
        const struct chat_message *messages;
        size_t count;
        CHECK(!chat_messages(w.chat, arena, world_user(&w, BAYKO), group, &page, &messages, &count,
                             NULL));
        for (size_t i = count; i > 0; i--, expected--) {
            uint64_t number = 0;
            if (expected < 0) {
                expected = messages[i - 1].seq;
                newest = messages[i - 1].created_at;
            }
            CHECK_INT(messages[i - 1].seq, expected);
            CHECK(str_to_u64(messages[i - 1].message, TEXTS_MAX - 1, &number) && !seen[number]);
            seen[number] = true;
        }
        page.before = page.prev;
    } while (page.prev.len);
    CHECK_INT(expected, 0);
    for (int i = 0; i < TEXTS_MAX; i++)
        CHECK(seen[i] || !acknowledged[i]);
    for (enum person_index who = ANDREW; who <= BAYKO; who++) {
        struct group_row row = {0};
        CHECK_INT(world_group_rows(&w, who, group, &row), 1);
        CHECK_STR(row.sk, newest);
    }
}

static void remove_dir(const char *dir)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-rf", dir, (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
}

TEST(kill_9_loses_nothing_acknowledged)
{
    const char *parent = getenv("TMPDIR");
    char dir[1024];
    snprintf(dir, sizeof dir, "%s/chat_crash_XXXXXX", parent ? parent : P_tmpdir);
    uint64_t state = tap_seed();
    bool *acknowledged = arena_array(arena, bool, TEXTS_MAX);
    if (!CHECK(mkdtemp(dir)))
        return;
    for (int round = 0; round < ROUNDS; round++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        int at_least = 1 + (int)((state >> 33) % 150);
        int count = run_and_kill(arena, dir, round, acknowledged, at_least);
        CHECK(count >= at_least);
        world_open_dir(&w, arena, dir);
        check_world(arena, acknowledged);
        world_close(&w);
    }
    remove_dir(dir);
}

TAP_MAIN(T(kill_9_loses_nothing_acknowledged))
