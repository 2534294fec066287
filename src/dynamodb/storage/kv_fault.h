/* KV fault: a store around a store that fails on purpose, for tests.
 *
 * Every call is passed on until its turn to fail comes. It can also pretend to be a disk around a
 * memory store, so that syncing is tested without one, and outlive its close, so that a test opens
 * the same memory again. Safe from any thread. */
#pragma once

#include "dynamodb/storage/kv.h"

#include <stdatomic.h>
#include <stdint.h>

struct kv_fault {
    /* The call that fails, counted from 1 on; 0: none does. */
    _Atomic uint64_t fail_get, fail_cursor, fail_write, fail_sync;
    /* Calls so far. */
    _Atomic uint64_t gets, cursors, writes, syncs;
    /* While it is set, kv_sync waits before it does its work. */
    _Atomic bool holds_sync;
    bool is_persistent; /* what kv_is_persistent says */
    bool keeps_inner;   /* kv_close leaves `inner` open */
};

/* `inner` is taken, unless it is kept; `fault` is the caller's and outlives the store. */
struct kv *kv_fault_open(struct kv *inner, struct kv_fault *fault);
