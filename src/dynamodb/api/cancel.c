#include "dynamodb/api/cancel.h"

#include "dynamodb/api/attribute.h"
#include "dynamodb/model/errors.h"

struct cancel_reason cancel_reason_of(const struct error *e)
{
    static const struct {
        const struct error_kind *kind;
        const char *code;
    } codes[] = {
        {&error_ConditionalCheckFailedException, "ConditionalCheckFailed"},
        {&error_ValidationException, "ValidationError"},
        {&error_TransactionConflictException, "TransactionConflict"},
        {&error_ItemCollectionSizeLimitExceededException, "ItemCollectionSizeLimitExceeded"},
        {&error_ProvisionedThroughputExceededException, "ProvisionedThroughputExceeded"},
        {&error_ThrottlingException, "ThrottlingError"},
        {&error_DuplicateItemException, "DuplicateItem"},
    };
    for (size_t i = 0; i < countof(codes); i++)
        if (e->kind == codes[i].kind)
            return (struct cancel_reason){.code = codes[i].code, .message = e->message};
    return (struct cancel_reason){0};
}

static struct str render_reasons(struct arena *a, const struct cancel_reason *reasons, size_t count)
{
    struct buf out;
    buf_init(&out, 256u << 20);
    struct json_writer w = json_writer(&out);
    json_key(&w, S("CancellationReasons"));
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&w);
        json_key(&w, S("Code"));
        json_str(&w, reasons[i].code ? str_z(reasons[i].code) : S("None"));
        if (reasons[i].item.len) {
            json_key(&w, S("Item"));
            attribute_write_item(&w, reasons[i].item);
        }
        if (reasons[i].code) {
            json_key(&w, S("Message"));
            json_str(&w, reasons[i].message);
        }
        json_end_object(&w);
    }
    json_end_array(&w);
    struct str text = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return text;
}

struct error *transaction_canceled(struct arena *a, const struct cancel_reason *reasons,
                                   size_t count)
{
    struct buf codes;
    buf_init(&codes, 64 << 10);
    for (size_t i = 0; i < count; i++) {
        buf_add_z(&codes, i ? ", " : "");
        buf_add_z(&codes, reasons[i].code ? reasons[i].code : "None");
    }
    struct error *e = error_new(a, &error_TransactionCanceledException,
                                "Transaction cancelled, please refer cancellation reasons for "
                                "specific reasons [%.*s]",
                                STR_ARG(buf_str(&codes)));
    buf_clear(&codes);
    e->extra = render_reasons(a, reasons, count);
    return e;
}
