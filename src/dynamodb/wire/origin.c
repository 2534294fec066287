#include "dynamodb/wire/origin.h"

/* "[::1]:8000" and "localhost:8000" without the port; the brackets stay. */
static struct str without_port(struct str host)
{
    size_t from = 0;
    if (host.len && host.data[0] == '[')
        while (from < host.len && host.data[from] != ']')
            from++;
    for (size_t i = from; i < host.len; i++)
        if (host.data[i] == ':')
            return str_slice(host, 0, i);
    return host;
}

/* 127.0.0.0/8 written as four numbers. */
static bool is_loopback_v4(struct str name)
{
    struct str part;
    size_t count = 0;
    uint64_t number = 0;
    bool has_more = true;
    while (has_more) {
        has_more = str_cut(&name, '.', &part);
        if (part.len > 3 || !str_to_u64(part, 255, &number) || (count == 0 && number != 127))
            return false;
        count++;
    }
    return count == 4;
}

static bool is_loopback(struct str name)
{
    if (str_eq(name, S("127.0.0.1"))) /* as most say it */
        return true;
    if (name.len && name.data[name.len - 1] == '.') /* a root dot changes nothing */
        name.len--;
    if (str_eq_nocase(name, S("localhost")) || str_eq(name, S("[::1]")) || is_loopback_v4(name))
        return true;
    /* RFC 6761: names below localhost are the loopback too. */
    const struct str below = S(".localhost");
    return name.len > below.len && str_eq_nocase(str_from(name, name.len - below.len), below);
}

bool origin_allows_host(const struct origin_rules *rules, struct str host)
{
    if (rules->is_any_host)
        return true;
    struct str name = without_port(host);
    if (is_loopback(name))
        return true;
    for (size_t i = 0; i < rules->host_count; i++)
        if (str_eq_nocase(name, rules->hosts[i]))
            return true;
    return false;
}

bool origin_allows(const struct origin_rules *rules, struct str origin)
{
    if (rules->is_any_origin)
        return true;
    struct str rest;
    if (str_starts(origin, S("http://")))
        rest = str_from(origin, 7);
    else if (str_starts(origin, S("https://")))
        rest = str_from(origin, 8);
    else
        return false;
    return is_loopback(without_port(rest));
}
