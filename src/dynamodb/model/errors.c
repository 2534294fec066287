#include "dynamodb/model/errors.h"

#define DYNAMODB_ERROR_DEFINE(name, status, retryable)                                             \
    const struct error_kind error_##name = {#name, status, retryable};
DYNAMODB_ERRORS(DYNAMODB_ERROR_DEFINE)
