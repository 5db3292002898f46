/* SPDX-License-Identifier: MIT
 *
 * Structs that the caller fills, and that can grow: their size goes along, as the caller's header has it. */
#ifndef JLT_BASE_SIZED_H
#define JLT_BASE_SIZED_H

#include <stdbool.h>
#include <string.h>

/* Copies what this version knows of it; NULL: nothing. False: it has members set that this version does not have. */
static inline bool sized_take(void *known, size_t known_size, const void *given, size_t given_size)
{
    const unsigned char *bytes = given;
    if (!given)
        return true;
    memcpy(known, given, given_size < known_size ? given_size : known_size);
    for (size_t i = known_size; i < given_size; i++)
        if (bytes[i])
            return false;
    return true;
}

#endif
