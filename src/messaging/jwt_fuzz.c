/* Fuzz target: any bytes as a token, and any bytes as its header and payload. */
#include "messaging/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    arena_init(&a);
    struct str input = {size ? (const char *)data : "", size};
    struct jwt jwt;
    struct jwt_header header;
    struct jwt_claims claims;
    const char *why = NULL;
    bool is_token = jwt_split(&a, input, &jwt, &why);
    bool is_header = jwt_read_header(&a, is_token ? jwt.header : input, &header, &why);
    bool has_claims = jwt_read_claims(&a, is_token ? jwt.payload : input, &claims, &why);
    arena_clear(&a);
    return (is_header || has_claims) && false;
}
