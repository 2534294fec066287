/* Rows: what stands in the table, as structs and as the service's attribute JSON.
 *
 * The rows and their rules R1 to R6 are described in docs/messaging.md. Decoding is lenient,
 * because other programs write here too: an attribute that is missing or of another type reads as
 * empty. Called by the chat's files and by feed. Strings live in the arena or in the text given.
 * Pure. */
#pragma once

#include "base/buf.h"
#include "base/vec.h"
#include "json/reader.h"
#include "json/writer.h"

/* An item as it came: strings and numbers only, which is all that our rows are made of. */
struct field {
    struct str name;
    char type; /* 'S' or 'N'; '?' for what we never write */
    struct str text;
};

struct item {
    struct field *fields;
    size_t count;
};

/* Reads {"pk":{"S":"…"},…} at the reader's place; false when it is no such object. */
bool item_decode(struct arena *a, struct json_reader *r, struct item *out);
/* Empty when missing or of another type. */
struct str item_str(const struct item *item, struct str name);
/* `fallback` when missing, of another type or no whole number. */
int64_t item_i64(const struct item *item, struct str name, int64_t fallback);

/* A key of the table. */
struct key {
    struct str pk, sk;
};

struct key item_key(const struct item *item);

/* -- prefixes ---------------------------------------------------------------------------------- */

#define ROW_STATE_SK S("#STATE")
#define ROW_PAIR_SK S("#DM")

struct key row_message_key(struct arena *a, struct str group, struct str sk);
struct key row_group_key(struct arena *a, struct str user, struct str sk);
struct key row_state_key(struct arena *a, struct str group);
struct key row_member_key(struct arena *a, struct str group, struct str user);
/* The same whichever of the two comes first. */
struct key row_pair_key(struct arena *a, struct str user, struct str other);
struct key row_send_key(struct arena *a, struct str user, struct str client_id);
/* "MSG#<group>" -> "<group>"; false for another prefix. */
bool row_id(struct str key, struct str prefix, struct str *id);

/* -- rows -------------------------------------------------------------------------------------- */

struct message_row { /* MSG#<group> | created_at */
    struct str group, sk;
    struct str uuid, text, user_uuid, display_name, handle;
    struct str sent_at; /* the true time; sk may lie after it */
    int64_t seq;        /* 0: not adopted */
};

struct group_row { /* GRP#<member> | last_reply_at */
    struct str member, sk;
    struct str group, text;
    struct str user_uuid, display_name, handle; /* of the other user */
    struct str kind, name, last_handle;
    int64_t seq, n; /* 0: not adopted */
};

struct state_row { /* CNV#<group> | #STATE */
    struct str group;
    struct str last_sk; /* "" until a message with a usable key is known */
    struct str kind, name, owner;
    int64_t seq, members_ver, n;
};

/* Kinds of a conversation. */
#define KIND_PAIR S("pair")
#define KIND_SELF S("self")

struct member_row { /* CNV#<group> | M#<user> */
    struct str group, user;
    struct str handle, display_name, role, joined_sk, read_sk, left_at;
    int64_t read_seq;
};

struct pair_row { /* DM#<lower>#<higher> | #DM */
    struct str user, other, group;
};

struct send_row { /* IDM#<user> | <client id> */
    struct str user, client_id;
    struct str group, message_sk, message_uuid, request_hash;
    int64_t seq;
    int64_t ttl; /* Unix seconds */
};

void message_row_decode(const struct item *item, struct message_row *out);
void group_row_decode(const struct item *item, struct group_row *out);
void state_row_decode(const struct item *item, struct state_row *out);
void member_row_decode(const struct item *item, struct member_row *out);
void send_row_decode(const struct item *item, struct send_row *out);

/* The item's JSON, in the arena. */
struct str message_row_encode(struct arena *a, const struct message_row *row);
struct str group_row_encode(struct arena *a, const struct group_row *row);
struct str state_row_encode(struct arena *a, const struct state_row *row);
struct str member_row_encode(struct arena *a, const struct member_row *row);
struct str pair_row_encode(struct arena *a, const struct pair_row *row);
struct str send_row_encode(struct arena *a, const struct send_row *row);

/* For rows of other modules, and for keys and expression values: {"S":"…"}, {"N":"…"}. */
void attribute_put_s(struct json_writer *w, struct str name, struct str text);
void attribute_put_n(struct json_writer *w, struct str name, int64_t number);
