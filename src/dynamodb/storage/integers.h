/* Integers as they are stored: unsigned, of 4 or 8 bytes, the highest byte first, so that they sort
 * bytewise. Pure. */
#pragma once

#include <stdint.h>

static inline void put_u32(char *to, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (char)(number >> (24 - 8 * i));
}

static inline void put_u64(char *to, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        to[i] = (char)(number >> (56 - 8 * i));
}

static inline uint32_t get_u32(const char *from)
{
    uint32_t number = 0;
    for (int i = 0; i < 4; i++)
        number = number << 8 | (uint8_t)from[i];
    return number;
}

static inline uint64_t get_u64(const char *from)
{
    return (uint64_t)get_u32(from) << 32 | get_u32(from + 4);
}
