/* Upgrade: folders of earlier formats.
 *
 * Called by store.c before anything else is read. What is begun and not finished is begun again at
 * the next start: the format number is written after it. */
#pragma once

#include "dynamodb/storage/internal.h"

MUST_USE struct error *upgrade_run(struct store *store, struct arena *a, uint32_t format);
