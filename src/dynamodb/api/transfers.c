/* ListExports, DescribeExport, ListImports, DescribeImport. Nothing is exported or imported here,
 * so the lists are empty. Source: API reference. */
#include "dynamodb/api/control.h"

static struct error *write_empty(struct op *op, struct str key)
{
    json_key(op->reply, key);
    json_begin_array(op->reply);
    json_end_array(op->reply);
    return NULL;
}

struct error *run_list_exports(struct op *op)
{
    return write_empty(op, S("ExportSummaries"));
}

struct error *run_list_imports(struct op *op)
{
    return write_empty(op, S("ImportSummaryList"));
}

struct error *run_describe_export(struct op *op)
{
    const struct describe_transfer_input *in = op->input;
    return error_new(op->arena, &error_ExportNotFoundException, "Export not found: %.*s",
                     STR_ARG(in->export_arn));
}

struct error *run_describe_import(struct op *op)
{
    const struct describe_transfer_input *in = op->input;
    return error_new(op->arena, &error_ImportNotFoundException, "Import not found: %.*s",
                     STR_ARG(in->import_arn));
}
