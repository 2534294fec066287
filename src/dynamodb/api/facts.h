/* Facts: the words in which shapes are written down. See shape.h for what they mean. */
#pragma once

#include "dynamodb/api/shape.h"

#include <stddef.h>

#define LENGTH(least, most) .has_min = true, .min = (least), .has_max = true, .max = (most)
#define AT_LEAST(least) .has_min = true, .min = (least)
#define AT_MOST(most) .has_max = true, .max = (most)
#define WORDS(...)                                                                                 \
    .kind = SHAPE_ENUM, .words = (const char *const[])                                             \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define LIST(of) .kind = SHAPE_LIST, .element = &(of)
#define MAP(of) .kind = SHAPE_MAP, .element = &(of)
#define MEMBER(type, field, json, need, of)                                                        \
    {                                                                                              \
        STR_INIT(json), offsetof(struct type, field), need, &(of)                                  \
    }
#define STRUCTURE(type, class, ...)                                                                \
    {                                                                                              \
        .kind = SHAPE_STRUCTURE, .size_bytes = sizeof(struct type), .class_name = class,           \
        .members = (const struct shape_member[]){__VA_ARGS__, END},                                \
    }
#define END                                                                                        \
    {                                                                                              \
        {NULL, 0}, 0, NEED_NOTHING, NULL                                                           \
    }
