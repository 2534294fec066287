#include "dynamodb/wire/gate.h"

#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define LOOPS 2
#define MAX_POSTS 64

/* A store and loops without threads: posts wait until the test runs them. */
struct world {
    uint64_t synced;
    struct {
        void (*task)(void *argument);
        void *argument;
    } posts[MAX_POSTS];
    size_t post_count;
    size_t released;
    struct gate_waiter *order[MAX_POSTS];
};

static uint64_t world_synced(void *context)
{
    return ((struct world *)context)->synced;
}

static void world_post(void *context, size_t loop, void (*task)(void *argument), void *argument)
{
    struct world *w = context;
    CHECK(loop < LOOPS);
    w->posts[w->post_count].task = task;
    w->posts[w->post_count++].argument = argument;
}

static void world_release(struct gate_waiter *waiter, void *context)
{
    struct world *w = context;
    w->order[w->released++] = waiter;
}

static void run_posts(struct world *w)
{
    for (size_t i = 0; i < w->post_count; i++)
        w->posts[i].task(w->posts[i].argument);
    w->post_count = 0;
}

static struct gate *gate_of(struct world *w)
{
    return gate_new(&(struct gate_options){.loops = LOOPS,
                                           .synced = world_synced,
                                           .post = world_post,
                                           .release = world_release,
                                           .context = w});
}

static void sync_to(struct world *w, struct gate *g, uint64_t sequence)
{
    w->synced = sequence;
    gate_on_sync(g);
}

TEST(what_is_durable_leaves_at_once)
{
    struct world w = {.synced = 7};
    struct gate *g = gate_of(&w);
    struct gate_waiter none = {.depends_on = 0}, old = {.depends_on = 7};
    gate_wait(g, 0, &none);
    gate_wait(g, 0, &old);
    CHECK_INT(w.released, 2);
    gate_on_sync(g);
    CHECK_INT(w.post_count, 0); /* nobody waits, nobody is woken */
    gate_free(g);
}

TEST(what_is_not_durable_waits_for_its_sync)
{
    struct world w = {0};
    struct gate *g = gate_of(&w);
    struct gate_waiter first = {.depends_on = 1}, second = {.depends_on = 2};
    gate_wait(g, 0, &first);
    gate_wait(g, 0, &second);
    CHECK_INT(w.released, 0);
    sync_to(&w, g, 1);
    CHECK_INT(w.released, 0); /* not on the commit thread */
    run_posts(&w);
    CHECK_INT(w.released, 1);
    CHECK(w.order[0] == &first);
    sync_to(&w, g, 2);
    run_posts(&w);
    CHECK_INT(w.released, 2);
    gate_free(g);
}

TEST(answers_leave_in_the_order_they_came)
{
    struct world w = {0};
    struct gate *g = gate_of(&w);
    struct gate_waiter head = {.depends_on = 9}, behind = {.depends_on = 3};
    gate_wait(g, 0, &head);
    gate_wait(g, 0, &behind);
    sync_to(&w, g, 5);
    run_posts(&w);
    CHECK_INT(w.released, 0);
    sync_to(&w, g, 9);
    run_posts(&w);
    CHECK_INT(w.released, 2);
    CHECK(w.order[0] == &head && w.order[1] == &behind);
    gate_free(g);
}

TEST(only_loops_with_waiters_are_woken_and_only_once)
{
    struct world w = {0};
    struct gate *g = gate_of(&w);
    struct gate_waiter here = {.depends_on = 1};
    gate_wait(g, 1, &here);
    sync_to(&w, g, 1);
    gate_on_sync(g);
    CHECK_INT(w.post_count, 1);
    run_posts(&w);
    CHECK_INT(w.released, 1);
    gate_free(g);
}

TEST(a_failed_sync_releases_all)
{
    struct world w = {0};
    struct gate *g = gate_of(&w);
    struct gate_waiter a = {.depends_on = 10}, b = {.depends_on = UINT64_MAX};
    gate_wait(g, 0, &a);
    gate_wait(g, 1, &b);
    sync_to(&w, g, UINT64_MAX);
    run_posts(&w);
    CHECK_INT(w.released, 2);
    gate_free(g);
}

/* -- a commit thread that races the loop ------------------------------------------------------- */

#define ROUNDS 20000

struct race {
    struct gate *gate;
    _Atomic uint64_t written, synced;
    atomic_bool is_over;
    pthread_mutex_t lock; /* guards the mailbox */
    void (*task)(void *argument);
    void *argument;
    size_t mail;
    size_t released; /* the loop's thread only */
};

static uint64_t race_synced(void *context)
{
    return atomic_load(&((struct race *)context)->synced);
}

static void race_post(void *context, size_t loop, void (*task)(void *argument), void *argument)
{
    struct race *r = context;
    (void)loop;
    pthread_mutex_lock(&r->lock);
    r->task = task;
    r->argument = argument;
    r->mail++;
    pthread_mutex_unlock(&r->lock);
}

static void race_release(struct gate_waiter *waiter, void *context)
{
    struct race *r = context;
    CHECK(waiter->depends_on <= atomic_load(&r->synced));
    r->released++;
}

static void *commit_thread(void *argument)
{
    struct race *r = argument;
    while (!atomic_load(&r->is_over)) {
        atomic_store(&r->synced, atomic_load(&r->written));
        gate_on_sync(r->gate);
    }
    return NULL;
}

static void read_mail(struct race *r)
{
    pthread_mutex_lock(&r->lock);
    size_t mail = r->mail;
    void (*task)(void *argument) = r->task;
    void *argument = r->argument;
    r->mail = 0;
    pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < mail; i++)
        task(argument);
}

TEST(no_wake_up_is_lost_in_a_race)
{
    struct race r = {0};
    pthread_mutex_init(&r.lock, NULL);
    r.gate = gate_new(&(struct gate_options){.loops = 1,
                                             .synced = race_synced,
                                             .post = race_post,
                                             .release = race_release,
                                             .context = &r});
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, commit_thread, &r) == 0);
    struct gate_waiter *waiters = arena_array(arena, struct gate_waiter, ROUNDS);
    for (size_t i = 0; i < ROUNDS; i++) {
        waiters[i].depends_on = atomic_fetch_add(&r.written, 1) + 1;
        gate_wait(r.gate, 0, &waiters[i]);
        if (i % 3 == 0)
            read_mail(&r);
    }
    /* The last sync has come or will come; then one reading of the mail after it is enough. */
    while (atomic_load(&r.synced) < ROUNDS)
        ;
    for (int i = 0; i < 20000 && r.released < ROUNDS; i++) { /* the thread may wait for a core */
        struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
        read_mail(&r);
    }
    CHECK_INT(r.released, ROUNDS);
    atomic_store(&r.is_over, true);
    pthread_join(thread, NULL);
    pthread_mutex_destroy(&r.lock);
    gate_free(r.gate);
}

TAP_MAIN(T(what_is_durable_leaves_at_once), T(what_is_not_durable_waits_for_its_sync),
         T(answers_leave_in_the_order_they_came),
         T(only_loops_with_waiters_are_woken_and_only_once), T(a_failed_sync_releases_all),
         T(no_wake_up_is_lost_in_a_race))
