/* The words that cannot be names unless they are quoted: the keywords of SQL-92 and those that
 * PartiQL adds. Sources: SQL-92 (ISO/IEC 9075:1992), 5.2; the PartiQL specification. */
#include "dynamodb/partiql/lex.h"

#include <stdlib.h>

#define WORD(word) STR_INIT(#word)
/* clang-format off */
static const struct str keywords[] = { /* sorted */
    WORD(absolute), WORD(action), WORD(add), WORD(all), WORD(allocate), WORD(alter), WORD(and),
    WORD(any), WORD(are), WORD(as), WORD(asc), WORD(assertion), WORD(at), WORD(authorization),
    WORD(avg), WORD(bag), WORD(begin), WORD(between), WORD(bigint), WORD(bit), WORD(bit_length),
    WORD(blob), WORD(bool), WORD(boolean), WORD(by), WORD(can_cast), WORD(can_lossless_cast),
    WORD(cascade), WORD(cascaded), WORD(case), WORD(cast), WORD(catalog), WORD(char),
    WORD(char_length), WORD(character), WORD(character_length), WORD(check), WORD(clob),
    WORD(close), WORD(coalesce), WORD(collate), WORD(collation), WORD(column), WORD(commit),
    WORD(conflict), WORD(connect), WORD(connection), WORD(constraint), WORD(constraints),
    WORD(continue), WORD(convert), WORD(corresponding), WORD(count), WORD(create), WORD(cross),
    WORD(current), WORD(current_date), WORD(current_time), WORD(current_timestamp),
    WORD(current_user), WORD(cursor), WORD(date), WORD(date_add), WORD(date_diff), WORD(deallocate),
    WORD(dec), WORD(decimal), WORD(declare), WORD(default), WORD(deferrable), WORD(deferred),
    WORD(delete), WORD(desc), WORD(describe), WORD(descriptor), WORD(diagnostics), WORD(disconnect),
    WORD(distinct), WORD(do), WORD(domain), WORD(double), WORD(drop), WORD(else), WORD(end),
    WORD(escape), WORD(except), WORD(exception), WORD(exec), WORD(execute), WORD(exists),
    WORD(external), WORD(extract), WORD(false), WORD(fetch), WORD(first), WORD(float), WORD(for),
    WORD(foreign), WORD(found), WORD(from), WORD(full), WORD(get), WORD(global), WORD(go),
    WORD(goto), WORD(grant), WORD(group), WORD(having), WORD(identity), WORD(immediate), WORD(in),
    WORD(index), WORD(indicator), WORD(initially), WORD(inner), WORD(input), WORD(insensitive),
    WORD(insert), WORD(int), WORD(int2), WORD(int4), WORD(int8), WORD(integer), WORD(integer2),
    WORD(integer4), WORD(integer8), WORD(intersect), WORD(interval), WORD(into), WORD(is),
    WORD(isolation), WORD(join), WORD(key), WORD(language), WORD(last), WORD(left), WORD(let),
    WORD(level), WORD(like), WORD(limit), WORD(list), WORD(local), WORD(lower), WORD(match),
    WORD(max), WORD(min), WORD(missing), WORD(modified), WORD(module), WORD(names), WORD(national),
    WORD(natural), WORD(nchar), WORD(new), WORD(next), WORD(no), WORD(not), WORD(nothing),
    WORD(null), WORD(nullif), WORD(nulls), WORD(numeric), WORD(octet_length), WORD(of),
    WORD(offset), WORD(old), WORD(on), WORD(only), WORD(open), WORD(option), WORD(or), WORD(order),
    WORD(outer), WORD(output), WORD(overlaps), WORD(pad), WORD(partial), WORD(pivot),
    WORD(position), WORD(precision), WORD(prepare), WORD(preserve), WORD(primary), WORD(prior),
    WORD(privileges), WORD(procedure), WORD(public), WORD(read), WORD(real), WORD(references),
    WORD(relative), WORD(remove), WORD(restrict), WORD(returning), WORD(revoke), WORD(right),
    WORD(rollback), WORD(rows), WORD(schema), WORD(scroll), WORD(section), WORD(select),
    WORD(session), WORD(session_user), WORD(set), WORD(sexp), WORD(size), WORD(smallint),
    WORD(some), WORD(space), WORD(sql), WORD(sqlcode), WORD(sqlerror), WORD(sqlstate), WORD(string),
    WORD(struct), WORD(substring), WORD(sum), WORD(symbol), WORD(system_user), WORD(table),
    WORD(temporary), WORD(then), WORD(time), WORD(timestamp), WORD(to), WORD(transaction),
    WORD(translate), WORD(translation), WORD(trim), WORD(true), WORD(tuple), WORD(union),
    WORD(unique), WORD(unknown), WORD(unpivot), WORD(update), WORD(upper), WORD(usage), WORD(user),
    WORD(using), WORD(value), WORD(values), WORD(varchar), WORD(varying), WORD(view), WORD(when),
    WORD(whenever), WORD(where), WORD(with), WORD(work), WORD(write), WORD(zone),
};
/* clang-format on */

static int order(const void *key, const void *element)
{
    return str_compare(*(const struct str *)key, *(const struct str *)element);
}

bool is_keyword(struct str word)
{
    char lower[17]; /* as long as the longest */
    if (word.len > sizeof lower)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    struct str key = {lower, word.len};
    return bsearch(&key, keywords, countof(keywords), sizeof *keywords, order);
}
