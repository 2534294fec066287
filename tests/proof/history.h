/* History: what concurrent clients asked and were told, and whether there is any order of it all in
 * which one thing at a time could have been done and told.
 *
 * A store that claims each operation happens at one moment between question and answer
 * (linearizability; Herlihy and Wing 1990) must give histories for which such an order exists.
 * Called by linear_test.c with what it recorded and by history_test.c with histories made by hand.
 * Keys are few and small: the whole state is one array. Times are any rising numbers. Pure. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum { HISTORY_KEYS = 4 };
#define HISTORY_ABSENT INT64_MIN
#define HISTORY_PENDING INT64_MAX

enum verb {
    VERB_READ,   /* tells the value */
    VERB_CHECK,  /* only its condition */
    VERB_PUT,    /* the value becomes arg */
    VERB_ADD,    /* arg more; from an absent one: arg */
    VERB_DELETE, /* the value becomes absent */
};

enum condition { IF_ANY, IF_ABSENT, IF_PRESENT, IF_EQUALS, IF_BELOW };

/* One key's part of an operation. */
struct action {
    int key;
    enum verb verb;
    int64_t arg;
    enum condition condition;
    int64_t operand; /* of IF_EQUALS and IF_BELOW */
    /* What the answer said. */
    bool has_failed; /* the condition did not hold */
    bool tells;      /* `told` is a value: of a read; the old one of a put, delete or failure; the
                        new one of an add */
    int64_t told;
};

/* All actions at one moment, or none of them when any condition failed. */
struct operation {
    int client;
    int64_t asked,
        answered;    /* HISTORY_PENDING: no answer came; it may be done or not, even later */
    bool is_applied; /* what the answer said; of no meaning without one */
    struct action actions[HISTORY_KEYS];
    int action_count;
};

struct history {
    struct operation *operations; /* in any order */
    size_t count;
    int64_t start[HISTORY_KEYS]; /* the state before all */
};

enum verdict { HISTORY_HOLDS, HISTORY_BROKEN, HISTORY_TOO_LONG };

/* Looks at no more than `steps_max` steps of the search. */
enum verdict history_check(const struct history *history, uint64_t steps_max);

/* Of a broken history, what is left when all that can go without mending it has gone: the shortest
 * broken beginning, without the reads and failures that do not matter. */
struct history history_shorten(struct arena *a, const struct history *history, uint64_t steps_max);

/* A line for each operation, in the order of the questions. */
void history_print(const struct history *history, struct buf *out);
