#include "messaging/cursor.h"

#include "tap.h"

static const struct str group = STR_INIT("5ae290ed-55d1-47a0-bc6d-fe2bc2700399");

TEST(cursor_comes_back_as_it_was)
{
    struct str sk = {0};
    struct str sks[] = {S("2026-11-20T22:31:07.012345+00:00"), S("x"), S("caf\xc3\xa9 #STATE")};
    for (size_t i = 0; i < countof(sks); i++) {
        struct str cursor = cursor_encode(arena, CURSOR_MESSAGES, group, sks[i]);
        CHECK(cursor_decode(arena, cursor, CURSOR_MESSAGES, group, &sk));
        CHECK_STR(sk, sks[i]);
    }
}

TEST(cursor_of_another_list_is_refused)
{
    struct str sk;
    struct str cursor = cursor_encode(arena, CURSOR_MESSAGES, group, S("2026"));
    CHECK(!cursor_decode(arena, cursor, CURSOR_GROUPS, group, &sk));
    CHECK(!cursor_decode(arena, cursor, CURSOR_MESSAGES, S("5ae290ed"), &sk));
    /* The border between id and key cannot be moved. */
    CHECK(!cursor_decode(arena, cursor_encode(arena, CURSOR_MESSAGES, S("ab"), S("c")),
                         CURSOR_MESSAGES, S("a"), &sk));
    CHECK(!cursor_decode(arena, cursor_encode(arena, CURSOR_MESSAGES, S("a"), S("bc")),
                         CURSOR_MESSAGES, S("ab"), &sk));
}

TEST(garbage_is_refused)
{
    struct str sk;
    static const struct str bad[] = {STR_INIT(""),       STR_INIT("a"),      STR_INIT("AAAA"),
                                     STR_INIT("####"),   STR_INIT("MW0AJA"), STR_INIT("MW3//w"),
                                     STR_INIT("MW0AAP8")};
    for (size_t i = 0; i < countof(bad); i++)
        CHECK(!cursor_decode(arena, bad[i], CURSOR_MESSAGES, (struct str){"", 0}, &sk));
    char *huge = arena_zalloc(arena, 100000);
    for (size_t i = 0; i < 100000; i++)
        huge[i] = 'A';
    CHECK(!cursor_decode(arena, (struct str){huge, 100000}, CURSOR_MESSAGES, group, &sk));
}

TEST(every_cut_of_a_cursor_is_refused_or_another_key)
{
    struct str cursor = cursor_encode(arena, CURSOR_MESSAGES, group, S("2026-11-20T22:31:07Z"));
    for (size_t len = 0; len < cursor.len; len++) {
        struct str sk = S("2026-11-20T22:31:07Z");
        if (cursor_decode(arena, str_slice(cursor, 0, len), CURSOR_MESSAGES, group, &sk))
            CHECK(sk.len < 20);
    }
}

TAP_MAIN(T(cursor_comes_back_as_it_was), T(cursor_of_another_list_is_refused),
         T(garbage_is_refused), T(every_cut_of_a_cursor_is_refused_or_another_key))
