#include "dynamodb/api/statement.h"

#include "dynamodb/api/check.h"

struct error *statement_check_parameters(const value_list *parameters)
{
    for (size_t i = 0; i < parameters->count; i++)
        if (parameters->items[i].error)
            return parameters->items[i].error;
    return NULL;
}

struct error *statement_bind(struct op *op, struct str text, const value_list *parameters,
                             const struct statement **out)
{
    TRY(statement_check_parameters(parameters));
    struct value *values = arena_array(op->arena, struct value, parameters->count);
    for (size_t i = 0; i < parameters->count; i++)
        values[i] = parameters->items[i].value;
    return statement_read(op->arena, text, values, parameters->count, out);
}

/* -- writes -------------------------------------------------------------------------------------
 */

struct error *statement_table(struct op *op, const struct statement *s, const struct table **out)
{
    if ((s->kind == STATEMENT_UPDATE || s->kind == STATEMENT_DELETE) && !s->where)
        return invalid(op->arena, "Where clause does not contain a mandatory equality on all key "
                                  "attributes");
    return op_table(op, s->table, out);
}

static struct error *check_key_found(struct op *op, const struct statement *s,
                                     const struct where_key *key, const struct key_schema *keys,
                                     enum key_words words)
{
    struct arena *a = op->arena;
    bool has_key = key->is_whole || s->kind == STATEMENT_INSERT;
    if (s->kind == STATEMENT_EXISTS && !(key->is_whole && key->rest_count))
        return invalid(a, "EXISTS() must contain a single item read with additional condition");
    if (words == KEY_WORDS_STATEMENT) {
        TRY(statement_check_key(a, s, key, keys));
        return s->late_error;
    }
    if (s->kind != STATEMENT_EXISTS && (!has_key || key->twice.len))
        return invalid(a, "The provided key element does not match the schema");
    return NULL;
}

static void set_bound(struct write *w, enum expr_kind kind, const struct bound *bound)
{
    w->items[w->expressions.count++] = (struct expression){.kind = kind, .bound = bound};
}

struct error *statement_write(struct op *op, const struct statement *s, enum key_words words,
                              struct write *w)
{
    static const enum write_kind kinds[] = {[STATEMENT_SELECT] = WRITE_CHECK,
                                            [STATEMENT_INSERT] = WRITE_PUT,
                                            [STATEMENT_UPDATE] = WRITE_UPDATE,
                                            [STATEMENT_DELETE] = WRITE_DELETE,
                                            [STATEMENT_EXISTS] = WRITE_CHECK};
    struct item_input *input = arena_new(op->arena, struct item_input);
    struct where_key key = {0};
    w->kind = kinds[s->kind];
    w->is_statement = true;
    w->table_name = s->table;
    w->input = input;
    w->expressions.items = w->items;
    input->item = s->item;
    if (s->kind != STATEMENT_INSERT) {
        where_key_of(op->arena, s->where, &w->table->keys, false, &key);
        input->item = key.key;
    }
    TRY(check_key_found(op, s, &key, &w->table->keys, words));
    if (s->kind == STATEMENT_UPDATE)
        set_bound(w, EXPR_UPDATE, s->update);
    set_bound(w, EXPR_CONDITION,
              where_condition(op->arena, s, &key, w->table->keys.partition[0].name));
    if (s->kind == STATEMENT_INSERT)
        TRY(check_item_size(op->arena, input->item));
    return write_resolve(op, w);
}

struct item statement_returned(struct op *op, const struct statement *s, const struct write *w)
{
    switch (s->returning) {
    case RETURNING_NOTHING:
        break;
    case RETURNING_ALL_OLD:
        return w->old;
    case RETURNING_ALL_NEW:
        return w->new_item;
    case RETURNING_MODIFIED_OLD:
        return update_project(op->arena, s->update, w->old);
    case RETURNING_MODIFIED_NEW:
        return update_project(op->arena, s->update, w->new_item);
    }
    return (struct item){0};
}

/* -- reads --------------------------------------------------------------------------------------
 */

bool statement_fixes_item(struct op *op, const struct statement *s, const struct table *t,
                          struct item *key)
{
    struct where_key found;
    where_key_of(op->arena, s->where, &t->keys, true, &found);
    *key = found.key;
    return found.is_whole && !found.rest_count;
}
