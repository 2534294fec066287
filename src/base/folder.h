/* Folder: directories that are still there after a power cut.
 *
 * A name is on the disk when the folder it stands in has been synced, not when the call that made
 * it returns. Paths end with a zero. Safe from any thread. */
#pragma once

#include "base/error.h"

/* Makes one folder, mode 0700, whose parent is there; fine when it is there already. The name of a
 * new one is synced. */
MUST_USE struct error *folder_make(struct arena *a, const char *path);

/* The names that stand in the folder are on the disk when this returns. */
MUST_USE struct error *folder_sync(struct arena *a, const char *path);
