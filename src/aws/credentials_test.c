#include "aws/credentials.h"

#include <stdio.h>

#include "tap.h"

static void check_secret(const struct credentials *c, struct str key, struct str want)
{
    struct str secret = S("");
    CHECK(credentials_find(c, key, &secret));
    CHECK_STR(secret, want);
}

TEST(lines_are_pairs)
{
    struct credentials *c = NULL;
    CHECK(!credentials_parse(arena, S("# people\nAKIA1 one/+=\r\n\n  AKIA2\ttwo  \nAKIA1 one/+="),
                             &c));
    check_secret(c, S("AKIA1"), S("one/+="));
    check_secret(c, S("AKIA2"), S("two"));
    struct str secret;
    CHECK(!credentials_find(c, S("AKIA"), &secret));
    CHECK(!credentials_find(c, S(""), &secret));
    credentials_free(c);
}

TEST(profiles_are_pairs_too)
{
    struct credentials *c = NULL;
    CHECK(!credentials_parse(arena,
                             S("[default]\naws_access_key_id = AKIA1\naws_secret_access_key=one=\n"
                               "region = us-east-1\n; more\n[empty]\n[two]\n"
                               "aws_secret_access_key = two\naws_access_key_id = AKIA2\n"),
                             &c));
    check_secret(c, S("AKIA1"), S("one="));
    check_secret(c, S("AKIA2"), S("two"));
    credentials_free(c);
}

TEST(other_texts_are_refused)
{
    static const char *const texts[] = {
        "",
        "# nobody\n",
        "AKIA1\n",
        "AKIA1 one two\n",
        "AKIA1 one\nAKIA1 two\n",
        "[default]\n",
        "[default]\naws_access_key_id = AKIA1\n",
        "[default]\naws_secret_access_key = one\n[two]\naws_access_key_id = AKIA1\n",
        "[default]\nAKIA1 one\n",
    };
    for (size_t i = 0; i < countof(texts); i++) {
        struct credentials *c = NULL;
        struct error *e = credentials_parse(arena, str_z(texts[i]), &c);
        if (!CHECK(e && e->kind == &error_usage && !c))
            printf("# taken: %s\n", texts[i]);
        credentials_free(c);
    }
}

TAP_MAIN(T(lines_are_pairs), T(profiles_are_pairs_too), T(other_texts_are_refused))
