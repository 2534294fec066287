/* Commit: the one write lock, the order of writes, and the thread that makes them durable.
 *
 * Called by everything in this folder that writes. A write is
 *
 *     struct kv_batch *b = commit_begin(c, &sequence);     takes the write lock
 *     kv_batch_put(b, …);                                  marks, counts: whatever must go along
 *     TRY(commit_end(c, arena));                           writes, gives the lock back
 *
 * Sequences are the order of writes. Safe from any thread. */
#pragma once

#include "dynamodb/storage/kv.h"

#include <stdint.h>

struct commit;

/* `kv` is borrowed. Without `syncs`, or without a disk, a write counts as durable at once. */
struct commit *commit_new(struct kv *kv, bool syncs, uint64_t next_record);
/* Syncs what is written, ends the thread. No read section may be open. */
void commit_free(struct commit *c);

struct kv_batch *commit_begin(struct commit *c, uint64_t *sequence);
/* Under the lock: `count` stream record sequences, the first of which is given. */
uint64_t commit_take_records(struct commit *c, size_t count);
/* A failure is final: all later writes are refused. */
MUST_USE struct error *commit_end(struct commit *c, struct arena *a);
/* Whether writes are still taken: for a write that changes nothing, and so has no batch. What it
 * was decided on may be older than what the next start finds. */
MUST_USE struct error *commit_check(struct commit *c, struct arena *a);

/* A read section at one state that later writes cannot be in, with `under` called in between: for
 * counting anew. */
struct kv_read *commit_snapshot(struct commit *c, void (*under)(void *context), void *context);

/* Where durability matters: whether answers wait at all. */
bool commit_waits(const struct commit *c);
/* At least the sequence of every write that a read begun before this call may have seen. */
uint64_t commit_seen(const struct commit *c);
uint64_t commit_written(const struct commit *c);
uint64_t commit_synced(const struct commit *c); /* UINT64_MAX after a failure */
bool commit_failed(const struct commit *c);
/* The highest stream record number below which all is written and synced. */
uint64_t commit_records_synced(const struct commit *c);
MUST_USE bool commit_wait(struct commit *c, uint64_t sequence);
void commit_set_on_sync(struct commit *c, void (*on_sync)(void *context), void *context);

/* Reading: the newest state, but after a failure the last one that is on the disk. Ended with
 * commit_read_end. */
struct kv_read *commit_read_begin(struct commit *c, bool needs_snapshot);
/* Whether it is the last synced state, which is what reads get after a failed sync: answers from it
 * depend on nothing that is still to come. */
bool commit_read_is_durable(const struct commit *c, const struct kv_read *read);
void commit_read_end(struct commit *c, struct kv_read *read);
