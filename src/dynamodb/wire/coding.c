/* The service reads Accept-Encoding in its own way, which Scylla's test_compressed_response.py
 * shows: a weight is what follows the first "q=" up to a ';', above one is one, what is no number
 * is one; of equal weights the first counts; "*" stands for gzip, or for deflate where gzip is
 * named, and needs a greater weight than what is named; identity is never preferred. */
#include "dynamodb/wire/coding.h"

static enum coding coding_named(struct str name)
{
    if (str_eq_nocase(name, S("gzip")))
        return CODING_GZIP;
    if (str_eq_nocase(name, S("deflate")))
        return CODING_DEFLATE;
    return name.len == 0 || str_eq_nocase(name, S("identity")) ? CODING_NONE : CODING_UNKNOWN;
}

enum coding coding_of(struct str content_encoding)
{
    return coding_named(str_trim(content_encoding));
}

struct str coding_name(enum coding coding)
{
    if (coding == CODING_GZIP)
        return S("gzip");
    return coding == CODING_DEFLATE ? S("deflate") : S("");
}

/* "0.5", "-1", "1." as a number; anything else is 1, and so is what is above. */
static double weight_of(struct str text)
{
    double number = 0, place = 1;
    bool has_point = false, is_negative = str_starts(text, S("-"));
    for (size_t i = is_negative; i < text.len; i++) {
        char c = text.data[i];
        if (c == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return 1;
        if (has_point)
            number += (c - '0') * (place /= 10);
        else if (number < 10)
            number = number * 10 + (c - '0');
    }
    if (is_negative || text.len == 0)
        return is_negative ? 0 : 1;
    return number < 1 ? number : 1;
}

/* The weight among an entry's parameters: "; q = 1;q=0.5" has 0.5. */
static double entry_weight(struct str parameters)
{
    for (size_t i = 0; i + 1 < parameters.len; i++) {
        if (parameters.data[i] != 'q' || parameters.data[i + 1] != '=')
            continue;
        struct str rest = str_from(parameters, i + 2), text;
        str_cut(&rest, ';', &text);
        return weight_of(str_trim(text));
    }
    return 1;
}

enum coding coding_accepted(struct str accept_encoding)
{
    enum coding best = CODING_NONE;
    double best_weight = 0, any_weight = 0;
    bool names[CODING_UNKNOWN + 1] = {false};
    while (accept_encoding.len) {
        struct str entry, name;
        str_cut(&accept_encoding, ',', &entry);
        str_cut(&entry, ';', &name);
        name = str_trim(name);
        double weight = entry_weight(entry);
        enum coding coding = coding_named(name);
        names[coding] = true;
        if (str_eq(name, S("*")))
            any_weight = weight > any_weight ? weight : any_weight;
        if ((coding == CODING_GZIP || coding == CODING_DEFLATE) && weight > best_weight) {
            best = coding;
            best_weight = weight;
        }
    }
    if (any_weight > best_weight && !names[CODING_GZIP])
        return CODING_GZIP;
    if (any_weight > best_weight && !names[CODING_DEFLATE])
        return CODING_DEFLATE;
    return best;
}
