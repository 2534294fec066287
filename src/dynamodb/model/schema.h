/* Schema: what a table is. Plain values; the catalog (storage/catalog.h) owns those in force.
 *
 * A struct table never changes once the catalog holds it: UpdateTable makes a new one. */
#pragma once

#include "base/arena.h"
#include "dynamodb/model/limits.h"
#include "dynamodb/model/value.h"

struct key_attribute {
    struct str name;
    enum value_type type; /* S, N or B */
};

/* A table or local index has one partition and at most one sort attribute; a global index may have
 * up to four of each (multi-attribute keys). */
struct key_schema {
    struct key_attribute partition[LIMIT_KEY_ATTRIBUTES];
    struct key_attribute sort[LIMIT_KEY_ATTRIBUTES];
    uint8_t partition_count, sort_count;
};

enum projection { PROJECTION_ALL, PROJECTION_KEYS_ONLY, PROJECTION_INCLUDE };
enum status { STATUS_CREATING, STATUS_UPDATING, STATUS_ACTIVE, STATUS_DELETING };
enum billing { BILLING_PROVISIONED, BILLING_PAY_PER_REQUEST };
enum stream_view { VIEW_KEYS_ONLY, VIEW_NEW_IMAGE, VIEW_OLD_IMAGE, VIEW_NEW_AND_OLD_IMAGES };

struct throughput {
    int64_t read_units, write_units;
    int64_t last_increase_ms, last_decrease_ms; /* 0: never */
    int64_t decreases_today;
    int64_t max_read_units, max_write_units;   /* on demand; 0: unset */
    int64_t warm_read_units, warm_write_units; /* WarmThroughput asked for; 0: never */
};

struct index {
    uint32_t id; /* never used again after the index is gone */
    struct str name;
    bool is_global;
    struct key_schema keys;
    enum projection projection;
    const struct str *included; /* PROJECTION_INCLUDE: names beside the keys */
    size_t included_count;
    enum status status;
    bool is_backfilling;
    struct throughput throughput; /* global only */
};

/* Where the items of a restored table come from. */
enum restore_from { RESTORE_NONE, RESTORE_FROM_BACKUP, RESTORE_FROM_PAST };

struct restore {
    enum restore_from from;
    uint32_t source_id;    /* of the backup, or of the table; 0 when all has been copied */
    int64_t moment_us;     /* what is restored is the source at that time */
    struct str backup_arn; /* RESTORE_FROM_BACKUP */
    struct str table_arn;
};

/* Point-in-time recovery. Moments are Unix microseconds; 0: none. */
struct recovery {
    int64_t since_us; /* when it was switched on; 0: it is off */
    int64_t days;
    /* The history of all items is there from this moment on; for recovery, or while a backup is
     * being made. */
    int64_t history_us;
};

struct table {
    uint32_t id;      /* never used again after the table is gone */
    uint32_t version; /* rises with each change of the definition */
    struct str name;
    char uuid[37]; /* TableId */
    struct key_schema keys;
    const struct key_attribute *attributes; /* AttributeDefinitions, in the order given */
    size_t attribute_count;
    const struct index *indexes; /* local and global, in the order given */
    size_t index_count;
    enum status status;
    enum billing billing;
    struct throughput throughput;
    int64_t billing_changed_ms;
    int64_t created_ms;
    bool is_stream_enabled;
    enum stream_view stream_view;
    uint32_t stream_id;        /* of the newest stream, enabled or not; 0: never had one */
    int64_t stream_created_ms; /* its label */
    struct str ttl_attribute;  /* empty: off */
    bool is_deletion_protected;
    struct str table_class;    /* empty: STANDARD */
    struct str sse;            /* empty: default key; else the SSESpecification's JSON */
    const struct member *tags; /* values of type S, in order */
    size_t tag_count;
    struct recovery recovery;
    struct restore restore;
};

const struct index *table_index(const struct table *t, struct str name); /* NULL: no such index */
/* "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME". */
struct str table_arn(struct arena *a, const struct table *t, struct str region, struct str account);
/* Whether a name is a key attribute of the table, or of that index or the table. */
bool table_has_key(const struct table *t, struct str name);
bool index_has_key(const struct table *t, const struct index *index, struct str name);
/* "2026-11-20T22:31:07.012": the StreamLabel of a creation time. */
struct str stream_label(struct arena *a, int64_t created_ms);
