/* Words: the messages that several files of this folder give. Private to this folder. */
#pragma once

#include "dynamodb/model/errors.h"

/* "Statement wasn't well formed, can't be processed: " and the detail. */
#define not_well_formed(arena, ...)                                                                \
    invalid_behind((arena), "Statement wasn't well formed, can't be processed: ", __VA_ARGS__)
/* "Unexpected path component at 1:8:5": the message with the token's place behind it. */
#define invalid_at(arena, place, ...) at_place((arena), (place), invalid((arena), __VA_ARGS__))

struct place;
struct error *invalid_behind(struct arena *a, const char *head, const char *format, ...)
    PRINTF_LIKE(3, 4);
struct error *at_place(struct arena *a, struct place place, struct error *error);
struct str lower_case(struct arena *a, struct str text); /* ASCII letters */
