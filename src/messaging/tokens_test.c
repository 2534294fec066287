#include "messaging/tokens.h"

#include "base/encode.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One issuer in memory, its clock in the hand, and a token that is good. */
struct bench {
    struct clock_manual time;
    struct clock clock;
    struct tokens *tokens;
    struct str good;
};

static void set_up(struct bench *b, struct arena *a)
{
    b->time.time_us = 1790000000LL * 1000000;
    b->clock = clock_manual(&b->time);
    const struct tokens_options options = {.clock = &b->clock, .rand = &rand_system};
    CHECK(!tokens_open(a, &options, &b->tokens));
    CHECK(!tokens_issue(b->tokens, a, S("sub-1"), S("andrewbrown"), 3600, &b->good));
}

static const char *verdict(struct bench *b, struct arena *a, struct str token)
{
    struct token_claims claims;
    const char *why = "";
    return tokens_verify(b->tokens, a, token, &claims, &why) ? "good" : why;
}

/* What a signed token with this header and these claims gets; NULL stands for the good one. */
static const char *verdict_on(struct bench *b, struct arena *a, const char *header,
                              const char *payload)
{
    struct str kid = tokens_key_id(b->tokens), iss = tokens_issuer(b->tokens), token;
    struct str h = arena_printf(a, "{\"alg\":\"RS256\",\"kid\":\"%.*s\"%s}", STR_ARG(kid),
                                header ? header : "");
    struct str p =
        arena_printf(a,
                     "{\"iss\":\"%.*s\",\"token_use\":\"access\",\"client_id\":"
                     "\"cruddur-web\",\"sub\":\"s\"%s}",
                     STR_ARG(iss), payload ? payload : ",\"exp\":1790000100,\"iat\":1790000000");
    if (header && header[0] == '{')
        h = str_z(header);
    if (payload && payload[0] == '{')
        p = str_z(payload);
    CHECK(!tokens_sign(b->tokens, a, h, p, &token));
    return verdict(b, a, token);
}

#define CHECK_WORD(got, want) CHECK_STR(str_z(got), S(want))

TEST(own_token_is_taken_and_then_remembered)
{
    struct bench b;
    set_up(&b, arena);
    struct token_claims claims;
    for (int i = 0; i < 3; i++) {
        CHECK(tokens_verify(b.tokens, arena, b.good, &claims, NULL));
        CHECK_STR(claims.sub, S("sub-1"));
        CHECK_STR(claims.username, S("andrewbrown"));
        CHECK_INT(claims.expires_s, 1790003600);
    }
    CHECK_INT(tokens_stats(b.tokens).verified, 1);
    CHECK_INT(tokens_stats(b.tokens).cached, 2);
    tokens_close(b.tokens);
}

TEST(times_have_a_minute_of_leeway_and_no_more)
{
    struct bench b;
    set_up(&b, arena);
    CHECK_WORD(verdict(&b, arena, b.good), "good");
    b.time.time_us += (3600 + 59) * 1000000LL;
    CHECK_WORD(verdict(&b, arena, b.good), "good");
    b.time.time_us += 1000000LL; /* also when remembered */
    CHECK_WORD(verdict(&b, arena, b.good), "exp");
    b.time.time_us = 1790000000LL * 1000000;
    CHECK_WORD(verdict(&b, arena, b.good), "good");
    b.time.set_us = -61 * 1000000LL; /* remembered or not, it has not begun */
    CHECK_WORD(verdict(&b, arena, b.good), "iat");
    b.time.set_us = 0;
    b.time.time_us = (1790000000LL - 61) * 1000000;
    CHECK_WORD(verdict_on(&b, arena, NULL, NULL), "iat");
    b.time.time_us += 1000000LL;
    CHECK_WORD(verdict_on(&b, arena, NULL, NULL), "good");
    b.time.time_us = 1790000000LL * 1000000;
    CHECK_WORD(
        verdict_on(&b, arena, NULL, ",\"exp\":1790000900,\"iat\":1790000000,\"nbf\":1790000060"),
        "good");
    CHECK_WORD(
        verdict_on(&b, arena, NULL, ",\"exp\":1790000900,\"iat\":1790000000,\"nbf\":1790000061"),
        "nbf");
    tokens_close(b.tokens);
}

TEST(flawed_tokens_of_the_acceptance_test_are_refused)
{
    struct bench b;
    set_up(&b, arena);
    static const struct {
        enum token_flaw flaw;
        const char *why;
    } rows[] = {{TOKEN_EXPIRED, "exp"}, {TOKEN_AUDIENCE, "client_id"}, {TOKEN_FORGED, "signature"}};
    for (size_t i = 0; i < countof(rows); i++) {
        struct str token;
        CHECK(!tokens_issue_flawed(b.tokens, arena, rows[i].flaw, S("s"), S("u"), &token));
        CHECK_STR(str_z(verdict(&b, arena, token)), str_z(rows[i].why));
    }
    CHECK_INT(tokens_stats(b.tokens).refused, 3);
    tokens_close(b.tokens);
}

TEST(header_is_never_trusted)
{
    struct bench b;
    set_up(&b, arena);
    CHECK_WORD(verdict_on(&b, arena, ",\"typ\":\"JWT\"", NULL), "good");
    CHECK_WORD(verdict_on(&b, arena,
                          ",\"jku\":\"https://evil.example/k\",\"jwk\":{\"kty\":\"RSA\"}", NULL),
               "good"); /* looked at by nobody */
    CHECK_WORD(verdict_on(&b, arena, ",\"crit\":[\"exp\"]", NULL), "crit");
    CHECK_WORD(verdict_on(&b, arena, ",\"alg\":\"none\"", NULL), "header");
    CHECK_WORD(verdict_on(&b, arena, ",\"x\":{\"a\":1,\"a\":2}", NULL), "header");
    CHECK_WORD(verdict_on(&b, arena, "{}", NULL), "alg");
    CHECK_WORD(verdict_on(&b, arena, "{\"alg\":\"none\"}", NULL), "alg");
    CHECK_WORD(verdict_on(&b, arena, "{\"alg\":\"HS256\"}", NULL), "alg");
    CHECK_WORD(verdict_on(&b, arena, "{\"alg\":\"rs256\"}", NULL), "alg");
    CHECK_WORD(verdict_on(&b, arena, "{\"alg\":[\"RS256\"]}", NULL), "header");
    CHECK_WORD(verdict_on(&b, arena, "{\"alg\":\"RS256\"}", NULL), "kid");
    CHECK_WORD(verdict_on(&b, arena, "{\"alg\":\"RS256\",\"kid\":\"other\"}", NULL), "kid");
    CHECK_WORD(verdict_on(&b, arena, "{\"alg\":\"RS256\",\"kid\":7}", NULL), "header");
    CHECK_WORD(verdict_on(&b, arena, "{\"alg\":\"RS256\"} ,", NULL), "header");
    tokens_close(b.tokens);
}

TEST(claims_must_all_be_ours)
{
    struct bench b;
    set_up(&b, arena);
    const char *times = "\"exp\":1790000100,\"iat\":1790000000";
    struct str iss = tokens_issuer(b.tokens);
#define CLAIMS(iss, use, client, sub)                                                              \
    arena_printf(arena,                                                                            \
                 "{\"iss\":\"%.*s\",\"token_use\":\"%s\",\"client_id\":\"%s\",\"sub\":%s,%s}%c",   \
                 STR_ARG(iss), use, client, sub, times, 0)                                         \
        .data
    CHECK_WORD(verdict_on(&b, arena, NULL, CLAIMS(iss, "access", "cruddur-web", "\"s\"")), "good");
    CHECK_WORD(verdict_on(&b, arena, NULL, CLAIMS(S("urn:x"), "access", "cruddur-web", "\"s\"")),
               "iss");
    CHECK_WORD(verdict_on(&b, arena, NULL, CLAIMS(iss, "id", "cruddur-web", "\"s\"")), "token_use");
    CHECK_WORD(verdict_on(&b, arena, NULL, CLAIMS(iss, "access", "", "\"s\"")), "client_id");
    CHECK_WORD(verdict_on(&b, arena, NULL, CLAIMS(iss, "access", "cruddur-web", "\"\"")), "sub");
    CHECK_WORD(verdict_on(&b, arena, NULL, CLAIMS(iss, "access", "cruddur-web", "null")), "claim");
#undef CLAIMS
    static const char *const bad_times[] = {
        ",\"exp\":\"1790000100\",\"iat\":1790000000", ",\"exp\":1790000100.5,\"iat\":1790000000",
        ",\"exp\":1e99,\"iat\":1790000000",           ",\"exp\":-1,\"iat\":1790000000",
        ",\"exp\":99999999999999999999,\"iat\":1",    ",\"exp\":null,\"iat\":1790000000",
    };
    for (size_t i = 0; i < countof(bad_times); i++)
        CHECK_WORD(verdict_on(&b, arena, NULL, bad_times[i]), "claim");
    CHECK_WORD(verdict_on(&b, arena, NULL, ",\"exp\":1790000100"), "no exp or iat");
    CHECK_WORD(verdict_on(&b, arena, NULL, ",\"iat\":1790000000"), "no exp or iat");
    CHECK_WORD(verdict_on(&b, arena, NULL, ",\"exp\":9223372036854775807,\"iat\":1790000000"),
               "good");
    CHECK_WORD(verdict_on(&b, arena, NULL, ",\"exp\":1790000100,\"iat\":1790000000,\"sub\":\"t\""),
               "payload");
    tokens_close(b.tokens);
}

TEST(doubled_names_and_deep_payloads_are_refused)
{
    struct bench b;
    set_up(&b, arena);
    CHECK_WORD(
        verdict_on(&b, arena, NULL, ",\"exp\":1790000100,\"iat\":1790000000,\"\\u0073ub\":\"t\""),
        "payload"); /* an escape hides nothing */
    CHECK_WORD(verdict_on(&b, arena, NULL,
                          ",\"exp\":1790000100,\"iat\":1790000000,\"x\":[[[[[[[[[[]]]]]]]]]]"),
               "payload");
    CHECK_WORD(verdict_on(&b, arena, NULL, "{"), "payload");
    CHECK_WORD(verdict_on(&b, arena, NULL, "{} {}"), "payload");
    CHECK_WORD(verdict_on(&b, arena, NULL, "{\"a\":[1,{\"b\":1,\"b\":2}]}"), "payload");
    tokens_close(b.tokens);
}

TEST(encoding_is_strict)
{
    struct bench b;
    set_up(&b, arena);
    const char *good = arena_z(arena, b.good);
    CHECK_WORD(verdict(&b, arena, S("")), "parts");
    CHECK_WORD(verdict(&b, arena, S("garbage")), "parts");
    CHECK_WORD(verdict(&b, arena, S("..")), "base64url");
    CHECK_WORD(verdict(&b, arena, arena_printf(arena, "%s=", good)), "base64url");
    CHECK_WORD(verdict(&b, arena, arena_printf(arena, " %s", good)), "base64url");
    CHECK_WORD(verdict(&b, arena, arena_printf(arena, "%s.x", good)), "base64url");
    CHECK_WORD(verdict(&b, arena, arena_printf(arena, "%s\n", good)), "base64url");
    CHECK_WORD(verdict(&b, arena, arena_printf(arena, "%08192d.%s", 0, good)), "size");
    CHECK_WORD(verdict(&b, arena, b.good), "good");
    tokens_close(b.tokens);
}

TEST(every_changed_byte_is_refused)
{
    struct bench b;
    set_up(&b, arena);
    for (size_t i = 0; i < b.good.len; i++) {
        char *copy = arena_alloc(arena, b.good.len);
        memcpy(copy, b.good.data, b.good.len);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        CHECK(strcmp(verdict(&b, arena, (struct str){copy, b.good.len}), "good") != 0);
        CHECK(strcmp(verdict(&b, arena, str_slice(b.good, 0, i)), "good") != 0);
    }
    tokens_close(b.tokens);
}

/* -- the key's file ---------------------------------------------------------------------------- */

static const char *new_folder(struct arena *a)
{
    char *folder = arena_alloc(a, 32);
    strcpy(folder, "tokens_test.XXXXXX");
    CHECK(mkdtemp(folder));
    return folder;
}

static void remove_folder(struct arena *a, const char *folder)
{
    unlink(arena_printf(a, "%s/keys/token.pem%c", folder, 0).data);
    rmdir(arena_printf(a, "%s/keys%c", folder, 0).data);
    CHECK_INT(rmdir(folder), 0);
}

TEST(key_is_made_once_and_private)
{
    const char *folder = new_folder(arena);
    const char *file = arena_printf(arena, "%s/keys/token.pem%c", folder, 0).data;
    struct tokens_options options = {folder, .clock = &clock_system, .rand = &rand_system};
    struct tokens *first = NULL, *second = NULL;
    struct error *error = tokens_open(arena, &options, &first);
    CHECK(error && str_contains(error->message, S("cruddur serve")));
    options.may_create = true;
    CHECK(!tokens_open(arena, &options, &first));
    struct stat status;
    CHECK(stat(file, &status) == 0 && (status.st_mode & 0777) == 0600);
    CHECK(stat(arena_printf(arena, "%s/keys%c", folder, 0).data, &status) == 0 &&
          (status.st_mode & 0777) == 0700);
    options.may_create = false;
    CHECK(!tokens_open(arena, &options, &second));
    CHECK_STR(tokens_key_id(first), tokens_key_id(second));
    struct str token;
    struct token_claims claims;
    CHECK(!tokens_issue(first, arena, S("s"), S("u"), 60, &token));
    CHECK(tokens_verify(second, arena, token, &claims, NULL));
    tokens_close(first);
    tokens_close(second);
    remove_folder(arena, folder);
}

TEST(key_that_others_can_read_or_that_is_none_is_refused)
{
    const char *folder = new_folder(arena);
    const char *file = arena_printf(arena, "%s/keys/token.pem%c", folder, 0).data;
    const struct tokens_options options = {folder, true, &clock_system, &rand_system};
    struct tokens *tokens = NULL;
    CHECK(!tokens_open(arena, &options, &tokens));
    tokens_close(tokens);
    CHECK(chmod(file, 0640) == 0);
    struct error *error = tokens_open(arena, &options, &tokens);
    CHECK(error && str_contains(error->message, S("read by others")));
    CHECK(chmod(file, 0600) == 0);
    FILE *damaged = fopen(file, "w");
    CHECK(damaged && fputs("no key\n", damaged) > 0 && fclose(damaged) == 0);
    error = tokens_open(arena, &options, &tokens);
    CHECK(error && str_contains(error->message, S("token.pem: not a private key")));
    remove_folder(arena, folder);
}

TAP_MAIN(T(own_token_is_taken_and_then_remembered), T(times_have_a_minute_of_leeway_and_no_more),
         T(flawed_tokens_of_the_acceptance_test_are_refused), T(header_is_never_trusted),
         T(claims_must_all_be_ours), T(doubled_names_and_deep_payloads_are_refused),
         T(encoding_is_strict), T(every_changed_byte_is_refused), T(key_is_made_once_and_private),
         T(key_that_others_can_read_or_that_is_none_is_refused))
