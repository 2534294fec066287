/* Case target: what cases are played on: an engine in this process, or an endpoint over HTTP. */
#pragma once

#include "base/error.h"

struct case_target;

/* `data_dir` NULL: in memory. */
MUST_USE struct error *case_target_engine(struct arena *a, const char *data_dir,
                                          struct case_target **out);
/* "127.0.0.1:8000" or "http://127.0.0.1:8000": the address is numeric, the protocol plain. */
MUST_USE struct error *case_target_http(struct arena *a, struct str endpoint,
                                        struct case_target **out);
void case_target_close(struct case_target *target);

struct case_answer {
    int status;
    struct str body;
};
/* The answer, given when it is durable. Lives in the arena. */
MUST_USE struct error *case_send(struct case_target *target, struct arena *a, struct str operation,
                                 struct str request, struct case_answer *out);
