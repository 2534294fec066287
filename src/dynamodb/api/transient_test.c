#include "dynamodb/api/transient.h"

#include "tap.h"

#define MS 1000

static void begin(struct transient *t, const char *table, enum status status, int64_t now_us)
{
    struct transient_change change = {
        .table = str_z(table), .status = status, .description = S("{}"), .index_id = 7};
    transient_begin(t, &change, now_us);
}

TEST(a_change_is_seen_for_its_time)
{
    struct transient *t = transient_new(500);
    struct transient_change out;
    CHECK(!transient_find(t, arena, S("a"), 0, &out));
    begin(t, "a", STATUS_CREATING, 100);
    CHECK(transient_find(t, arena, S("a"), 100, &out));
    CHECK(out.status == STATUS_CREATING && out.index_id == 7);
    CHECK_STR(out.description, S("{}"));
    CHECK(!transient_find(t, arena, S("b"), 100, &out));
    CHECK(transient_find(t, arena, S("a"), 99 + 500 * MS, &out));
    CHECK(!transient_find(t, arena, S("a"), 100 + 500 * MS, &out));
    CHECK(!transient_find(t, arena, S("a"), 100, &out)); /* it is forgotten */
    transient_free(t);
}

TEST(the_latest_change_counts)
{
    struct transient *t = transient_new(500);
    struct transient_change out;
    begin(t, "a", STATUS_CREATING, 0);
    begin(t, "a", STATUS_DELETING, 400 * MS);
    CHECK(transient_find(t, arena, S("a"), 600 * MS, &out) && out.status == STATUS_DELETING);
    transient_free(t);
}

TEST(deleted_tables_are_listed_in_order)
{
    struct transient *t = transient_new(500);
    struct str *names;
    begin(t, "c", STATUS_DELETING, 0);
    begin(t, "a", STATUS_DELETING, 0);
    begin(t, "b", STATUS_UPDATING, 0);
    begin(t, "d", STATUS_DELETING, 0);
    CHECK_INT(transient_deleted(t, arena, S("a"), 0, &names), 2);
    CHECK_STR(names[0], S("c"));
    CHECK_STR(names[1], S("d"));
    CHECK_INT(transient_deleted(t, arena, S(""), 500 * MS, &names), 0);
    transient_free(t);
}

TAP_MAIN(T(a_change_is_seen_for_its_time), T(the_latest_change_counts),
         T(deleted_tables_are_listed_in_order))
