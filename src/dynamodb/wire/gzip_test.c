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
    CHECK(gzip_pack(g, arena, text, &packed));
    CHECK(packed.len < text.len / 10);
    CHECK(!gzip_unpack(g, arena, buf_str(&packed), &plain));
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
    CHECK(gzip_pack(g, arena, text, &packed));

    buf_init(&plain, 1 << 20);
    struct error *e = gzip_unpack(g, arena, str_slice(buf_str(&packed), 0, packed.len - 4), &plain);
    CHECK(e && e->kind == &error_SerializationException);
    buf_reset(&plain);
    e = gzip_unpack(g, arena, S("no gzip at all"), &plain);
    CHECK(e && e->kind == &error_SerializationException);
    buf_clear(&plain);

    buf_init(&plain, text.len - 1); /* a bomb stops at the maximum */
    CHECK(gzip_unpack(g, arena, buf_str(&packed), &plain));
    CHECK(plain.len <= text.len - 1);
    buf_clear(&plain);

    buf_init(&plain, 1 << 20); /* a second member or rubbish behind the first */
    buf_clear(&packed);
    buf_init(&packed, text.len);
    CHECK(gzip_pack(g, arena, text, &packed));
    buf_add_char(&packed, 'x');
    CHECK(gzip_unpack(g, arena, buf_str(&packed), &plain));
    buf_clear(&plain);
    buf_clear(&packed);
    gzip_free(g);
}

TEST(leaves_alone_what_does_not_shrink)
{
    struct gzip *g = gzip_new();
    struct buf packed;
    buf_init(&packed, 100);
    CHECK(!gzip_pack(g, arena, S("ab"), &packed));
    buf_clear(&packed);
    gzip_free(g);
}

TAP_MAIN(T(packs_and_unpacks), T(refuses_what_is_damaged_cut_or_too_large),
         T(leaves_alone_what_does_not_shrink))
