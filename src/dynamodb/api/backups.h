/* Backups: what their operations, and those that restore from them, share.
 *
 * A backup's ARN is that of its table, then the time it was made and eight hex digits that hold its
 * id. Called under the catalog's lock. Results live in the call's arena. */
#pragma once

#include "dynamodb/api/api.h"
#include "dynamodb/storage/backup.h"

struct str backup_arn(struct op *op, const struct backup *b);
/* BackupNotFoundException: "Backup not found: ARN". */
MUST_USE struct error *backup_of_arn(struct op *op, struct str arn, struct backup *out);
/* The table that a request about backups names: "Table not found: NAME". */
MUST_USE struct error *backup_table(struct op *op, struct str name, const struct table **out);
/* ResourceInUseException while the table is CREATING. */
MUST_USE struct error *check_created(struct op *op, const struct table *t);

/* PointInTimeRecoveryUnavailableException while it is off. */
MUST_USE struct error *recovery_check(struct op *op, const struct table *t);

/* The backup that is left of a table with point-in-time recovery when it is deleted. */
MUST_USE struct error *backup_last(struct op *op, const struct table *t);
