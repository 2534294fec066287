/* The search of Wing and Gong (1993) with the memory of Lowe (2017):
 *
 *     questions and answers stand in one list, in the order of time
 *     from the head: a question whose operation could be done now  -> do it, take its two entries
 *                                                                     out, start from the head
 *                    the first answer                              -> its operation had to be done
 *                                                                     before: undo the last one
 *     the list is empty: all is in an order; nothing to undo: there is none
 *
 * A set of operations done that led to the same state before is not tried again: it is remembered
 * as a 128-bit sum of random numbers of its operations, mixed with the state. */
#include "history.h"

#include <stdlib.h>

struct sum {
    uint64_t low, high;
};

struct entry {
    struct entry *before, *after;
    struct entry *answer; /* of a question; NULL: this is an answer */
    const struct operation *operation;
    size_t number;
};

/* What to go back to. */
struct done {
    struct entry *question;
    int64_t state[HISTORY_KEYS];
};

struct search {
    struct entry head;
    struct entry *entries; /* two for each operation */
    struct done *done;
    size_t done_count;
    struct sum sum; /* of the operations done */
    int64_t state[HISTORY_KEYS];
    struct sum *seen; /* open addressing; {0, 0}: free */
    size_t seen_count, seen_room;
};

/* -- one operation ----------------------------------------------------------------------------- */

static bool holds(const struct action *action, int64_t value)
{
    switch (action->condition) {
    case IF_ANY:
        return true;
    case IF_ABSENT:
        return value == HISTORY_ABSENT;
    case IF_PRESENT:
        return value != HISTORY_ABSENT;
    case IF_EQUALS:
        return value == action->operand;
    case IF_BELOW:
        return value != HISTORY_ABSENT && value < action->operand;
    }
    abort();
}

static int64_t value_after(const struct action *action, int64_t value)
{
    switch (action->verb) {
    case VERB_READ:
    case VERB_CHECK:
        return value;
    case VERB_PUT:
        return action->arg;
    case VERB_ADD:
        return (value == HISTORY_ABSENT ? 0 : value) + action->arg;
    case VERB_DELETE:
        return HISTORY_ABSENT;
    }
    abort();
}

static bool all_hold(const struct operation *o, const int64_t *state)
{
    for (int i = 0; i < o->action_count; i++)
        if (!holds(&o->actions[i], state[o->actions[i].key]))
            return false;
    return true;
}

/* Does the answer fit this state? */
static bool fits(const struct operation *o, const int64_t *state)
{
    if (o->answered == HISTORY_PENDING)
        return true;
    if (o->is_applied != all_hold(o, state))
        return false;
    for (int i = 0; i < o->action_count; i++) {
        const struct action *action = &o->actions[i];
        int64_t value = state[action->key];
        if (!o->is_applied && action->has_failed == holds(action, value))
            return false;
        if (o->is_applied && action->verb == VERB_ADD)
            value = value_after(action, value);
        if (action->tells && action->told != value)
            return false;
    }
    return true;
}

static void apply(const struct operation *o, int64_t *state)
{
    if (!all_hold(o, state))
        return;
    for (int i = 0; i < o->action_count; i++)
        state[o->actions[i].key] = value_after(&o->actions[i], state[o->actions[i].key]);
}

/* -- what has been tried ----------------------------------------------------------------------- */

/* The finisher of splitmix64: a number for each number. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Adding it twice takes it away again. */
static void add_to_sum(struct sum *sum, size_t number)
{
    sum->low ^= mix(2 * number + 1);
    sum->high ^= mix(~(2 * number));
}

static struct sum sum_with_state(const struct search *s)
{
    struct sum sum = s->sum;
    for (int i = 0; i < HISTORY_KEYS; i++) {
        sum.low = mix(sum.low + (uint64_t)s->state[i]);
        sum.high = mix(sum.high ^ (uint64_t)s->state[i]);
    }
    sum.low |= 1; /* no free place */
    return sum;
}

static struct sum *find_place(struct sum *seen, size_t room, struct sum sum)
{
    size_t at = sum.high & (room - 1);
    while (seen[at].low && (seen[at].low != sum.low || seen[at].high != sum.high))
        at = (at + 1) & (room - 1);
    return &seen[at];
}

/* False when it was there already. */
static bool remember(struct search *s, struct sum sum)
{
    if (2 * (s->seen_count + 1) > s->seen_room) {
        size_t room = s->seen_room ? 2 * s->seen_room : 1024;
        struct sum *seen = mem_zalloc(room * sizeof *seen);
        for (size_t i = 0; i < s->seen_room; i++)
            if (s->seen[i].low)
                *find_place(seen, room, s->seen[i]) = s->seen[i];
        free(s->seen);
        s->seen = seen;
        s->seen_room = room;
    }
    struct sum *place = find_place(s->seen, s->seen_room, sum);
    bool is_new = !place->low;
    *place = sum;
    s->seen_count += is_new;
    return is_new;
}

/* -- the list ---------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int64_t when_x = x->answer ? x->operation->asked : x->operation->answered;
    int64_t when_y = y->answer ? y->operation->asked : y->operation->answered;
    if (when_x != when_y)
        return when_x < when_y ? -1 : 1;
    return !x->answer - !y->answer; /* at the same time: questions first, which forgives more */
}

static void take_out(struct entry *e)
{
    e->before->after = e->after;
    if (e->after)
        e->after->before = e->before;
}

static void put_back(struct entry *e)
{
    e->before->after = e;
    if (e->after)
        e->after->before = e;
}

static void begin(struct search *s, const struct history *history)
{
    *s = (struct search){.seen = NULL};
    memcpy(s->state, history->start, sizeof s->state);
    s->entries = mem_zalloc((2 * history->count + 1) * sizeof *s->entries);
    s->done = mem_zalloc((history->count + 1) * sizeof *s->done);
    for (size_t i = 0; i < history->count; i++)
        for (size_t j = 0; j < 2; j++)
            s->entries[2 * i + j] = (struct entry){.operation = &history->operations[i],
                                                   .number = i,
                                                   .answer = j ? NULL : &s->entries[0]};
    qsort(s->entries, 2 * history->count, sizeof *s->entries, by_time);
    struct entry **answers = mem_zalloc((history->count + 1) * sizeof(struct entry *));
    struct entry *last = &s->head;
    for (size_t i = 0; i < 2 * history->count; i++) {
        struct entry *e = &s->entries[i];
        e->before = last;
        last->after = e;
        last = e;
        if (!e->answer)
            answers[e->number] = e;
    }
    for (size_t i = 0; i < 2 * history->count; i++)
        if (s->entries[i].answer)
            s->entries[i].answer = answers[s->entries[i].number];
    free(answers);
}

static void end(struct search *s)
{
    free(s->entries);
    free(s->done);
    free(s->seen);
}

/* Does the question's operation, if it fits here and that is new. */
static bool advance(struct search *s, struct entry *question)
{
    struct done *done = &s->done[s->done_count];
    if (!fits(question->operation, s->state))
        return false;
    done->question = question;
    memcpy(done->state, s->state, sizeof done->state);
    apply(question->operation, s->state);
    add_to_sum(&s->sum, question->number);
    if (!remember(s, sum_with_state(s))) {
        add_to_sum(&s->sum, question->number);
        memcpy(s->state, done->state, sizeof done->state);
        return false;
    }
    s->done_count++;
    take_out(question);
    take_out(question->answer);
    return true;
}

/* Undoes the last one and goes on behind it; NULL when there is none. */
static struct entry *go_back(struct search *s)
{
    if (s->done_count == 0)
        return NULL;
    struct done *done = &s->done[--s->done_count];
    memcpy(s->state, done->state, sizeof done->state);
    add_to_sum(&s->sum, done->question->number);
    put_back(done->question->answer);
    put_back(done->question);
    return done->question->after;
}

enum verdict history_check(const struct history *history, uint64_t steps_max)
{
    struct search s;
    enum verdict verdict = HISTORY_HOLDS;
    begin(&s, history);
    for (struct entry *e = s.head.after; s.head.after;) {
        if (steps_max-- == 0) {
            verdict = HISTORY_TOO_LONG;
            break;
        }
        if (e->answer) {
            e = advance(&s, e) ? s.head.after : e->after;
        } else if (!(e = go_back(&s))) {
            verdict = HISTORY_BROKEN;
            break;
        }
    }
    end(&s);
    return verdict;
}

/* -- shortening -------------------------------------------------------------------------------- */

/* The history until a moment: what was not answered by then has no answer, what was not asked is
 * not there. */
static struct history until(struct arena *a, const struct history *history, int64_t moment)
{
    struct history cut = *history;
    cut.operations = arena_array(a, struct operation, history->count + 1);
    cut.count = 0;
    for (size_t i = 0; i < history->count; i++) {
        struct operation *kept = &cut.operations[cut.count];
        *kept = history->operations[i];
        if (kept->asked > moment)
            continue;
        if (kept->answered > moment)
            kept->answered = HISTORY_PENDING;
        cut.count++;
    }
    return cut;
}

static bool changes_nothing(const struct operation *o)
{
    if (o->answered != HISTORY_PENDING && !o->is_applied)
        return true;
    for (int i = 0; i < o->action_count; i++)
        if (o->actions[i].verb != VERB_READ && o->actions[i].verb != VERB_CHECK)
            return false;
    return true;
}

static int by_answer(const void *a, const void *b)
{
    const struct operation *x = a, *y = b;
    return (x->answered > y->answered) - (x->answered < y->answered);
}

/* A beginning of a history that holds does, too: so the shortest broken one is found by halving. */
static struct history shortest_beginning(struct arena *a, const struct history *history,
                                         uint64_t steps_max)
{
    struct history all = until(a, history, HISTORY_PENDING);
    qsort(all.operations, all.count, sizeof *all.operations, by_answer);
    size_t low = 0, high = all.count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        struct history cut = until(a, &all, all.operations[middle].answered);
        if (history_check(&cut, steps_max) == HISTORY_BROKEN)
            high = middle;
        else
            low = middle + 1;
    }
    return until(a, &all, all.operations[high].answered);
}

/* Without an operation that changes nothing, a history that holds still does: so it may go as long
 * as what is left is broken. */
struct history history_shorten(struct arena *a, const struct history *history, uint64_t steps_max)
{
    struct history cut = shortest_beginning(a, history, steps_max);
    for (size_t i = cut.count; i-- > 0;) {
        struct operation *o = &cut.operations[i], gone = *o;
        if (!changes_nothing(o) && o->answered != HISTORY_PENDING)
            continue;
        memmove(o, o + 1, (cut.count - i - 1) * sizeof *o);
        cut.count--;
        if (history_check(&cut, steps_max) == HISTORY_BROKEN)
            continue;
        memmove(o + 1, o, (cut.count - i) * sizeof *o);
        *o = gone;
        cut.count++;
    }
    return cut;
}

/* -- printing ---------------------------------------------------------------------------------- */

static void print_value(struct buf *out, int64_t value)
{
    if (value == HISTORY_ABSENT)
        buf_add_z(out, "-");
    else
        buf_printf(out, "%lld", (long long)value);
}

static void print_action(const struct action *action, struct buf *out)
{
    static const char *const verbs[] = {"read", "check", "put", "add", "delete"};
    static const char *const conditions[] = {"", " if absent", " if present", " if = ", " if < "};
    buf_printf(out, " %s k%d", verbs[action->verb], action->key);
    if (action->verb == VERB_PUT || action->verb == VERB_ADD)
        buf_printf(out, " %lld", (long long)action->arg);
    buf_add_z(out, conditions[action->condition]);
    if (action->condition == IF_EQUALS || action->condition == IF_BELOW)
        print_value(out, action->operand);
    if (action->has_failed)
        buf_add_z(out, " failed");
    if (action->tells) {
        buf_add_z(out, " -> ");
        print_value(out, action->told);
    }
    buf_add_z(out, ";");
}

static int by_question(const void *a, const void *b)
{
    const struct operation *x = a, *y = b;
    return (x->asked > y->asked) - (x->asked < y->asked);
}

void history_print(const struct history *history, struct buf *out)
{
    if (!history->count)
        return;
    struct operation *sorted = mem_alloc(history->count * sizeof *sorted);
    memcpy(sorted, history->operations, history->count * sizeof *sorted);
    qsort(sorted, history->count, sizeof *sorted, by_question);
    for (size_t i = 0; i < history->count; i++) {
        const struct operation *o = &sorted[i];
        buf_printf(out, "client %d asked %lld ", o->client, (long long)o->asked);
        if (o->answered == HISTORY_PENDING)
            buf_add_z(out, "no answer:");
        else
            buf_printf(out, "answered %lld %s:", (long long)o->answered,
                       o->is_applied ? "done" : "refused");
        for (int j = 0; j < o->action_count; j++)
            print_action(&o->actions[j], out);
        buf_add_char(out, '\n');
    }
    free(sorted);
}
