/* base64url of: version '1', list, length of the owner's id as two bytes (big-endian), id, sort
 * key. */
#include "messaging/cursor.h"

#include "base/buf.h"
#include "base/encode.h"

#define VERSION '1'
#define HEAD_BYTES 4
#define SK_MAX_BYTES 1024 /* DynamoDB's for a sort key */
#define PLAIN_MAX_BYTES (HEAD_BYTES + 2048 + SK_MAX_BYTES)
#define TEXT_MAX_BYTES (PLAIN_MAX_BYTES * 4 / 3 + 4)

struct str cursor_encode(struct arena *a, enum cursor_list list, struct str owner, struct str sk)
{
    char head[HEAD_BYTES] = {VERSION, (char)list, (char)(owner.len >> 8), (char)(owner.len & 255)};
    struct str plain = arena_join(a, (struct str){head, HEAD_BYTES}, arena_join(a, owner, sk));
    struct buf text;
    buf_init(&text, TEXT_MAX_BYTES);
    base64url_encode(&text, plain);
    struct str out = arena_str(a, buf_str(&text));
    buf_clear(&text);
    return out;
}

bool cursor_decode(struct arena *a, struct str cursor, enum cursor_list list, struct str owner,
                   struct str *sk)
{
    if (cursor.len == 0 || cursor.len > TEXT_MAX_BYTES)
        return false;
    char *bytes = arena_alloc(a, cursor.len);
    ptrdiff_t len = base64url_decode(cursor, bytes);
    if (len < HEAD_BYTES || bytes[0] != VERSION || bytes[1] != (char)list)
        return false;
    size_t owner_len = ((size_t)(unsigned char)bytes[2] << 8) | (unsigned char)bytes[3];
    struct str rest = {bytes + HEAD_BYTES, (size_t)len - HEAD_BYTES};
    *sk = str_from(rest, owner_len);
    return owner_len == owner.len && str_eq(str_slice(rest, 0, owner_len), owner) && sk->len > 0 &&
           sk->len <= SK_MAX_BYTES && str_is_utf8(*sk);
}
