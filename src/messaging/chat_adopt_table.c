#include "messaging/adopt.h"
#include "messaging/chat_check.h"

static struct error *adopt_page(struct chat *chat, struct arena *page, struct buf *start,
                                struct chat_adopted *out)
{
    struct item *items;
    struct str *texts, from = arena_str(page, buf_str(start));
    size_t count;
    TRY(rowstore_scan(&chat->store, page, &from, &items, &texts, &count));
    buf_reset(start);
    buf_add(start, from);
    struct arena row;
    struct error *error = NULL;
    arena_init(&row);
    for (size_t i = 0; i < count && !error; i++) {
        bool is_due;
        error = adopt_row(chat, &row, item_key(&items[i]), &items[i], &is_due);
        out->done += is_due && !error;
        if (error && (error->kind == &chat_not_yet || error->kind == &chat_unavailable)) {
            out->left++;
            error = NULL;
        }
        if (error)
            error = error_new(page, error->kind, "%.*s", STR_ARG(error->message));
        arena_reset(&row);
    }
    arena_clear(&row);
    return error;
}

struct error *chat_adopt_table(struct chat *chat, struct arena *a, struct chat_adopted *out)
{
    struct buf start;
    struct error *error = NULL;
    buf_init(&start, 1 << 16);
    *out = (struct chat_adopted){0};
    do {
        struct arena page;
        arena_init(&page);
        error = adopt_page(chat, &page, &start, out);
        if (error)
            error = error_new(a, error->kind, "%.*s", STR_ARG(error->message));
        arena_clear(&page);
    } while (!error && start.len);
    buf_clear(&start);
    return error;
}
