#include "dynamodb/wire/gzip.h"

#include "dynamodb/model/errors.h"
#include "tap.h"

static struct str sample(struct arena *arena, size_t len)
{
    char *text = arena_alloc(arena, len);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + i % 17);
    return (struct str){text, len};
}

TEST(packs_and_unpacks)
{
    struct gzip *g = gzip_new();
    struct str text = sample(arena, 300000);
    struct buf packed, plain;
    buf_init(&packed, text.len);
    buf_init(&plain, 1 << 20);
    CHECK(gzip_pack(g, arena, CODING_GZIP, text, &packed));
    CHECK(packed.len < text.len / 10);
    CHECK(!gzip_unpack(g, arena, CODING_GZIP, buf_str(&packed), &plain));
    CHECK(str_eq(buf_str(&plain), text));
    buf_clear(&packed);
    buf_clear(&plain);
    gzip_free(g);
}

TEST(refuses_what_is_damaged_cut_or_too_large)
{
    struct gzip *g = gzip_new();
    struct str text = sample(arena, 100000);
    struct buf packed, plain;
    buf_init(&packed, text.len);
    CHECK(gzip_pack(g, arena, CODING_GZIP, text, &packed));

    buf_init(&plain, 1 << 20);
    struct error *e =
        gzip_unpack(g, arena, CODING_GZIP, str_slice(buf_str(&packed), 0, packed.len - 4), &plain);
    CHECK(e && e->kind == &error_InternalServerError);
    buf_reset(&plain);
    e = gzip_unpack(g, arena, CODING_GZIP, S("no gzip at all"), &plain);
    CHECK(e && e->kind == &error_InternalServerError);
    buf_clear(&plain);

    buf_init(&plain, text.len - 1); /* a bomb stops at the maximum */
    CHECK(gzip_unpack(g, arena, CODING_GZIP, buf_str(&packed), &plain));
    CHECK(plain.len <= text.len - 1);
    buf_clear(&plain);

    buf_clear(&packed);
    gzip_free(g);
}

TEST(reads_members_on_and_leaves_rubbish_behind)
{
    static const enum coding codings[] = {CODING_GZIP, CODING_DEFLATE};
    struct str text = sample(arena, 5000);
    for (size_t i = 0; i < countof(codings); i++) {
        struct gzip *g = gzip_new();
        struct buf once, packed, plain;
        buf_init(&once, text.len);
        buf_init(&packed, 3 * text.len);
        buf_init(&plain, 3 * text.len);
        CHECK(gzip_pack(g, arena, codings[i], text, &once));
        buf_add(&packed, buf_str(&once));
        buf_add(&packed, codings[i] == CODING_GZIP ? buf_str(&once) : S(""));
        buf_add(&packed, S("rubbish"));
        CHECK(!gzip_unpack(g, arena, codings[i], buf_str(&packed), &plain));
        CHECK_INT(plain.len, text.len * (codings[i] == CODING_GZIP ? 2 : 1));
        buf_clear(&once);
        buf_clear(&packed);
        buf_clear(&plain);
        gzip_free(g);
    }
}

TEST(leaves_alone_what_does_not_shrink)
{
    struct gzip *g = gzip_new();
    struct buf packed;
    buf_init(&packed, 100);
    CHECK(!gzip_pack(g, arena, CODING_GZIP, S("ab"), &packed));
    buf_clear(&packed);
    gzip_free(g);
}

TAP_MAIN(T(packs_and_unpacks), T(refuses_what_is_damaged_cut_or_too_large),
         T(reads_members_on_and_leaves_rubbish_behind), T(leaves_alone_what_does_not_shrink))
