/* Errors: every exception of the service, one row each.
 *
 * Source: the error lists of the DynamoDB and DynamoDB Streams API reference. The wire form adds
 * the namespace ("com.amazonaws.dynamodb.v20120810#ValidationException", "com.amazon.coral.…"). */
#pragma once

#include "base/error.h"

/* clang-format off */
#define DYNAMODB_ERRORS(E) /* name, status, retryable */ \
    E(ValidationException, 400, false) \
    E(SerializationException, 400, false) \
    E(UnknownOperationException, 400, false) \
    E(AccessDeniedException, 400, false) \
    E(MissingAuthenticationTokenException, 400, false) \
    E(IncompleteSignatureException, 400, false) \
    E(InvalidSignatureException, 400, false) \
    E(UnrecognizedClientException, 400, false) \
    E(ResourceNotFoundException, 400, false) \
    E(ResourceInUseException, 400, false) \
    E(TableNotFoundException, 400, false) \
    E(TableAlreadyExistsException, 400, false) \
    E(TableInUseException, 400, false) \
    E(IndexNotFoundException, 400, false) \
    E(BackupNotFoundException, 400, false) \
    E(BackupInUseException, 400, false) \
    E(ContinuousBackupsUnavailableException, 400, false) \
    E(PointInTimeRecoveryUnavailableException, 400, false) \
    E(InvalidRestoreTimeException, 400, false) \
    E(GlobalTableNotFoundException, 400, false) \
    E(GlobalTableAlreadyExistsException, 400, false) \
    E(ReplicaNotFoundException, 400, false) \
    E(ReplicaAlreadyExistsException, 400, false) \
    E(ExportNotFoundException, 400, false) \
    E(ExportConflictException, 400, false) \
    E(InvalidExportTimeException, 400, false) \
    E(ImportNotFoundException, 400, false) \
    E(ImportConflictException, 400, false) \
    E(PolicyNotFoundException, 400, false) \
    E(LimitExceededException, 400, false) \
    E(ConditionalCheckFailedException, 400, false) \
    E(DuplicateItemException, 400, false) \
    E(TransactionCanceledException, 400, false) \
    E(TransactionConflictException, 400, true) \
    E(TransactionInProgressException, 400, true) \
    E(IdempotentParameterMismatchException, 400, false) \
    E(ItemCollectionSizeLimitExceededException, 400, false) \
    E(ProvisionedThroughputExceededException, 400, true) \
    E(RequestLimitExceeded, 400, true) \
    E(ThrottlingException, 400, true) \
    E(ReplicatedWriteConflictException, 400, true) \
    E(ExpiredIteratorException, 400, false) \
    E(TrimmedDataAccessException, 400, false) \
    E(RequestEntityTooLargeException, 413, false) \
    E(InternalServerError, 500, true) \
    E(ServiceUnavailableException, 503, true)
/* clang-format on */

#define DYNAMODB_ERROR_DECLARE(name, status, retryable) extern const struct error_kind error_##name;
DYNAMODB_ERRORS(DYNAMODB_ERROR_DECLARE)
#undef DYNAMODB_ERROR_DECLARE

/* Shorthand: return invalid(arena, "One or more parameter values were invalid: …"). */
#define invalid(arena, ...) error_new((arena), &error_ValidationException, __VA_ARGS__)
