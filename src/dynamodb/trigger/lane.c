/* A shard's states, and what moves it. `ends` is a stack: bisecting pushes the middle, passing a
 * record pops every end up to it.
 *
 *            parent done
 *   WAITING ------------> READING <------------------------------------------+
 *                          |  ^  \                                            |
 *              few records |  |   \ closed, all read                          | lane_pass
 *                          v  |    +----------------> DONE                    |
 *                     GATHERING                                               |
 *                          | full, or the window is over                      |
 *                          v                                                  |
 *                      INVOKING --success, or up to a record------------------+
 *                       ^  |                                                  |
 *          pause is     |  | failed             retries used up               |
 *          over         |  v                                                  |
 *                      PAUSED <-- halved? --------------> FAILURE FILE -------+
 *
 * 1. `next` never goes back: an invoked record is behind it only when it succeeded or is in the
 *    failure file.
 * 2. Of two batches of one shard the later is invoked only when the earlier is dealt with.
 * 3. Halving uses up no retry, nor does a function that was not reached.
 * Source of 3: AWS Lambda developer guide, "Retain discarded records for a DynamoDB event source".
 */
#include "dynamodb/trigger/lane.h"

#include <assert.h>

#define FIRST_PAUSE_US (100 * 1000)
#define MAX_PAUSE_US (10 * 1000 * 1000)

bool lane_is_due(const struct lane *lane, const struct mapping *m, uint64_t watermark,
                 int64_t now_us)
{
    if (lane->is_done || lane->is_busy || now_us < lane->not_before_us)
        return false;
    bool is_gathered =
        lane->gathering_since_us && now_us - lane->gathering_since_us >= m->window_ms * 1000;
    return is_gathered || lane->end_count || lane->idle_at != watermark;
}

uint64_t lane_end(const struct lane *lane)
{
    return lane->end_count ? lane->ends[lane->end_count - 1] : 0;
}

bool lane_gathers(struct lane *lane, const struct mapping *m, size_t count, bool is_full,
                  int64_t now_us)
{
    if (!m->window_ms || lane->end_count || is_full || !count)
        return false;
    if (!lane->gathering_since_us)
        lane->gathering_since_us = now_us;
    return now_us - lane->gathering_since_us < m->window_ms * 1000;
}

void lane_pass(struct lane *lane, uint64_t sequence)
{
    assert(sequence + 1 > lane->next);
    lane->next = sequence + 1;
    while (lane->end_count && lane_end(lane) <= sequence)
        lane->end_count--;
    lane->attempts = lane->failures = lane->invocations = 0;
    lane->not_before_us = lane->gathering_since_us = 0;
    lane->idle_at = 0;
    lane->has_passed = true;
}

void lane_pause(struct lane *lane, int64_t now_us)
{
    int64_t pause_us = FIRST_PAUSE_US;
    for (int64_t i = 0; i < lane->failures && pause_us < MAX_PAUSE_US; i++)
        pause_us *= 2;
    lane->failures++;
    lane->not_before_us = now_us + (pause_us < MAX_PAUSE_US ? pause_us : MAX_PAUSE_US);
}

static void push_end(struct lane *lane, uint64_t sequence)
{
    if (lane_end(lane) == sequence)
        return;
    assert(lane->end_count < LANE_MAX_SPLITS);
    lane->ends[lane->end_count++] = sequence;
}

/* From now on the batch stays as it is, whatever is written behind it. */
static bool fail(struct lane *lane, const struct mapping *m, struct lane_batch batch,
                 int64_t now_us)
{
    push_end(lane, batch.sequences[batch.count - 1]);
    if (m->bisects && batch.count > 1) {
        push_end(lane, batch.sequences[batch.count / 2 - 1]);
        lane->attempts = lane->invocations = 0;
        lane_pause(lane, now_us);
        return false;
    }
    lane->attempts++;
    if (m->retries >= 0 && lane->attempts > m->retries)
        return true;
    lane_pause(lane, now_us);
    return false;
}

static bool holds(struct lane_batch batch, uint64_t sequence)
{
    for (size_t i = 0; i < batch.count; i++)
        if (batch.sequences[i] == sequence)
            return true;
    return false;
}

bool lane_settle(struct lane *lane, const struct mapping *m, struct lane_batch batch,
                 enum outcome outcome, uint64_t failed_sequence, int64_t now_us)
{
    assert(batch.count > 0);
    lane->gathering_since_us = 0;
    lane->invocations += outcome != OUTCOME_UNREACHED;
    switch (outcome) {
    case OUTCOME_SUCCESS:
        lane_pass(lane, batch.sequences[batch.count - 1]);
        return false;
    case OUTCOME_FROM:
        if (!holds(batch, failed_sequence) || failed_sequence == batch.sequences[0])
            return fail(lane, m, batch, now_us);
        push_end(lane, batch.sequences[batch.count - 1]);
        lane_pass(lane, failed_sequence - 1);
        lane_pause(lane, now_us);
        return false;
    case OUTCOME_FAILED:
        return fail(lane, m, batch, now_us);
    case OUTCOME_UNREACHED:
        push_end(lane, batch.sequences[batch.count - 1]);
        lane_pause(lane, now_us);
        return false;
    }
    return false;
}
