/* Concurrent clients on a handful of keys see one store that does one thing at a time.
 *
 * Each round, some threads ask random conditional writes, additions, deletes, transactions and
 * reads of four keys as fast as they can; what they asked and were told, and when, is then judged
 * by history.h. On the engine in this process, in memory and on disk, and over HTTP.
 * LINEAR_ROUNDS=N does N rounds of each; TEST_SEED=N repeats a run's choices, if not its chances.
 */
#include "ask.h"
#include "base/rand.h"
#include "client/local.h"
#include "client/remote.h"
#include "dynamodb/engine.h"
#include "dynamodb/wire/wire.h"
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 6, ASKED_EACH = 120, ROUNDS = 5, ATTEMPTS = 3, TIMEOUT_MS = 20000 };
#define STEPS_MAX 20000000

struct round {
    struct client *client;
    uint64_t seed;
    _Atomic int64_t now; /* rises with each question and answer */
    struct operation operations[CLIENTS][ASKED_EACH];
    size_t counts[CLIENTS];
    char failures[CLIENTS][300];
};

struct asker {
    struct round *round;
    int number;
};

/* -- what is asked ----------------------------------------------------------------------------- */

static struct action random_action(const struct rand_source *rand, int key, int64_t fresh)
{
    static const enum verb verbs[] = {VERB_PUT, VERB_ADD, VERB_ADD, VERB_DELETE};
    struct action action = {.key = key, .verb = verbs[rand_below(rand, 4)]};
    action.arg = action.verb == VERB_PUT ? fresh : 1 + (int64_t)rand_below(rand, 3);
    action.condition = (enum condition)rand_below(rand, 5);
    action.operand = (int64_t)rand_below(rand, 8);
    return action;
}

/* Small values, so that conditions on them hold now and then. */
static void random_operation(const struct rand_source *rand, struct operation *o)
{
    int kind = (int)rand_below(rand, 10), first = (int)rand_below(rand, HISTORY_KEYS);
    int64_t fresh = (int64_t)rand_below(rand, 8);
    o->action_count = 1;
    if (kind < 3) {
        o->actions[0] = (struct action){.key = first, .verb = VERB_READ};
    } else if (kind < 6) {
        o->actions[0] = random_action(rand, first, fresh);
    } else if (kind < 9) {
        o->action_count = 2 + (int)rand_below(rand, 2);
        for (int i = 0; i < o->action_count; i++)
            o->actions[i] = random_action(rand, (first + i) % HISTORY_KEYS, fresh + i);
        struct action *last = &o->actions[o->action_count - 1];
        if (last->condition != IF_ANY && rand_below(rand, 3) == 0)
            last->verb = VERB_CHECK;
    } else {
        o->action_count = HISTORY_KEYS;
        for (int i = 0; i < HISTORY_KEYS; i++)
            o->actions[i] = (struct action){.key = i, .verb = VERB_READ};
    }
}

static void *run_asker(void *context)
{
    const struct asker *asker = context;
    struct round *round = asker->round;
    struct rand_seeded state = {round->seed + (uint64_t)asker->number * 7919};
    struct rand_source rand = rand_seeded(&state);
    struct arena a;
    arena_init(&a);
    for (int i = 0; i < ASKED_EACH; i++) {
        struct operation *o = &round->operations[asker->number][round->counts[asker->number]];
        bool is_void;
        *o = (struct operation){.client = asker->number};
        random_operation(&rand, o);
        o->asked = atomic_fetch_add(&round->now, 1);
        struct error *e = ask(round->client, &a, o, &is_void);
        o->answered = atomic_fetch_add(&round->now, 1);
        if (e) {
            snprintf(round->failures[asker->number], sizeof round->failures[0], "%.*s",
                     STR_ARG(e->message));
            break;
        }
        round->counts[asker->number] += !is_void;
        arena_reset(&a);
    }
    arena_clear(&a);
    return NULL;
}

/* -- a round ----------------------------------------------------------------------------------- */

static struct history collect(struct arena *a, const struct round *round, const int64_t *start)
{
    struct history h = {.operations = arena_array(a, struct operation, CLIENTS * ASKED_EACH)};
    memcpy(h.start, start, sizeof h.start);
    for (int i = 0; i < CLIENTS; i++)
        for (size_t j = 0; j < round->counts[i]; j++)
            h.operations[h.count++] = round->operations[i][j];
    return h;
}

static bool judge(struct arena *a, const struct history *h, uint64_t seed)
{
    enum verdict verdict = history_check(h, STEPS_MAX);
    if (verdict == HISTORY_TOO_LONG)
        printf("# seed %llu: undecided\n", (unsigned long long)seed);
    if (verdict != HISTORY_BROKEN)
        return true;
    struct history cut = history_shorten(a, h, STEPS_MAX);
    struct buf text;
    struct str rest, line;
    buf_init(&text, 10 << 20);
    history_print(&cut, &text);
    rest = buf_str(&text);
    printf("# seed %llu: there is no order of these %zu operations (of %zu):\n",
           (unsigned long long)seed, cut.count, h->count);
    while (str_cut(&rest, '\n', &line))
        printf("#   %.*s\n", STR_ARG(line));
    buf_clear(&text);
    return false;
}

/* The state is read when all is quiet, for the next round to begin with. */
static bool read_state(struct arena *a, struct client *client, int64_t *state)
{
    struct operation o = {.action_count = HISTORY_KEYS};
    bool is_void;
    for (int i = 0; i < HISTORY_KEYS; i++)
        o.actions[i] = (struct action){.key = i, .verb = VERB_READ};
    if (ask(client, a, &o, &is_void))
        return false;
    for (int i = 0; i < HISTORY_KEYS; i++)
        state[i] = o.actions[i].told;
    return !is_void;
}

struct totals {
    size_t done, refused; /* operations */
};

static void add_totals(struct totals *totals, const struct history *h)
{
    for (size_t i = 0; i < h->count; i++)
        *(h->operations[i].is_applied ? &totals->done : &totals->refused) += 1;
}

static bool run_round(struct arena *a, struct client *client, uint64_t seed, struct totals *totals)
{
    struct round *round = arena_new(a, struct round);
    struct asker askers[CLIENTS];
    pthread_t threads[CLIENTS];
    int64_t start[HISTORY_KEYS] = {0}; /* which a failed reading leaves as they are */
    bool is_good = CHECK(read_state(a, client, start));
    round->client = client;
    round->seed = seed;
    for (int i = 0; i < CLIENTS; i++) {
        askers[i] = (struct asker){round, i};
        if (pthread_create(&threads[i], NULL, run_asker, &askers[i]) != 0)
            abort();
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
        is_good &= CHECK_STR(str_z(round->failures[i]), S(""));
    }
    struct history history = collect(a, round, start);
    add_totals(totals, &history);
    return CHECK(judge(a, &history, seed)) && is_good;
}

static void run_rounds(struct arena *arena, struct client *client)
{
    const char *wanted = getenv("LINEAR_ROUNDS");
    int rounds = wanted ? atoi(wanted) : ROUNDS;
    uint64_t seed = tap_seed();
    struct totals totals = {0};
    struct error *error = ask_make_table(client, arena);
    bool is_good = CHECK(error == NULL);
    for (int i = 0; i < rounds && is_good; i++) {
        struct arena a;
        arena_init(&a);
        is_good = run_round(&a, client, seed + (uint64_t)i * 1000003, &totals);
        arena_clear(&a);
    }
    printf("# %d rounds, %zu operations done and %zu refused, all in an order\n", rounds,
           totals.done, totals.refused);
    CHECK(totals.done > totals.refused / 4 &&
          totals.refused > totals.done / 20); /* not all alike */
}

/* -- the stores -------------------------------------------------------------------------------- */

static struct engine *open_engine(struct arena *arena, const char *folder)
{
    struct engine *engine = NULL;
    struct engine_options options = {
        .data_dir = folder, .clock = &clock_system, .rand = &rand_system};
    struct error *error = engine_open(arena, &options, &engine);
    if (error)
        printf("Bail out! %.*s\n", STR_ARG(error->message)), exit(1);
    return engine;
}

static void run_local(struct arena *arena, const char *folder)
{
    struct engine *engine = open_engine(arena, folder);
    struct client *client = client_local_new(engine);
    run_rounds(arena, client);
    client_free(client);
    engine_close(engine);
}

static void run_remote(struct arena *arena, const char *folder)
{
    static const char *const addresses[] = {"127.0.0.1"};
    struct engine *engine = open_engine(arena, folder);
    struct wire *wire = NULL;
    struct client *client = NULL;
    struct wire_options options = {.engine = engine,
                                   .addresses = addresses,
                                   .address_count = 1,
                                   .port_flag = "--port",
                                   .loops = 2,
                                   .clock = &clock_system,
                                   .rand = &rand_system};
    if (!CHECK(!wire_open(arena, &options, &wire) && !wire_start(arena, wire)))
        return;
    struct client_remote_options remote = {
        .endpoint = arena_printf(arena, "http://127.0.0.1:%u", wire_port(wire)),
        .region = S("us-east-1"),
        .access_key = S("any"),
        .secret_key = S("words"),
        .timeout_ms = TIMEOUT_MS,
        .attempts = ATTEMPTS};
    if (CHECK(!client_remote_new(arena, &remote, &client)))
        run_rounds(arena, client);
    client_free(client);
    wire_stop(wire, 1000);
    engine_close(engine);
    wire_free(wire);
}

static void in_folder(struct arena *arena, void (*run)(struct arena *arena, const char *folder))
{
    char folder[] = "/tmp/cruddur-test.XXXXXX";
    if (!CHECK(mkdtemp(folder) != NULL))
        return;
    run(arena, folder);
    if (system(arena_z(arena, arena_printf(arena, "rm -r %s", folder))) != 0)
        printf("# %s is left\n", folder);
}

TEST(in_memory)
{
    run_local(arena, NULL);
}

TEST(on_disk)
{
    in_folder(arena, run_local);
}

TEST(in_memory_over_http)
{
    run_remote(arena, NULL);
}

TEST(on_disk_over_http)
{
    in_folder(arena, run_remote);
}

TAP_MAIN(T(in_memory), T(on_disk), T(in_memory_over_http), T(on_disk_over_http))
