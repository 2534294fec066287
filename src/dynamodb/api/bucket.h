/* Bucket: a folder in the place of an S3 bucket, for exports and imports.
 *
 * Below the folder given with --bucket-dir, the bucket NAME is the folder NAME; keys are paths in
 * it. Called by the thread of transfer.h only. Errors are error_system with the system's words. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

/* False without --bucket-dir, and when there is no such folder. */
bool bucket_exists(struct arena *a, const char *bucket_dir, struct str bucket);
/* Whether a key stays inside its bucket: no part of it is empty, "." or "..". */
bool bucket_key_is_plain(struct str key);
/* Writes a whole file and the folders it is in; it is there whole or not at all, and synced. */
MUST_USE struct error *bucket_put(struct arena *a, const char *bucket_dir, struct str bucket,
                                  struct str key, struct str bytes);
/* Keys that begin with `prefix`, in order; only of plain files. */
MUST_USE struct error *bucket_list(struct arena *a, const char *bucket_dir, struct str bucket,
                                   struct str prefix, const struct str **keys, size_t *count);

/* A file being read, unpacked on the way when `is_packed`. */
struct bucket_file;
MUST_USE struct error *bucket_open(struct arena *a, const char *bucket_dir, struct str bucket,
                                   struct str key, bool is_packed, struct bucket_file **out);
/* Appends what comes next to `out`; *is_end when that was the last. */
MUST_USE struct error *bucket_read(struct arena *a, struct bucket_file *f, struct buf *out,
                                   bool *is_end);
void bucket_close(struct bucket_file *f); /* NULL is nothing */

/* Appends the bytes, packed with gzip. */
MUST_USE struct error *bucket_pack(struct arena *a, struct str bytes, struct buf *out);
