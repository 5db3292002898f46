/* SPDX-License-Identifier: MIT
 *
 * FNV-1a (Fowler, Noll, Vo), 64 bits: for tables of what the program itself names, not for what an enemy chooses. */
#ifndef JLT_BASE_HASH_H
#define JLT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(14695981039346656037)

/* Goes on from hash, at first HASH_START. */
static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    return hash;
}

#endif
