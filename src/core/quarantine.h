/* SPDX-License-Identifier: MIT
 *
 * Memory of what the program has handles on, in builds with JLT_CHECKS: once freed it reads as zero for ever and no
 * address is given out again, so that a tag in it tells of every use after the end. The memory itself goes back to the
 * system. Without JLT_CHECKS, and under sanitizers, which find uses of freed memory themselves, it is malloc's. */
#ifndef JLT_CORE_QUARANTINE_H
#define JLT_CORE_QUARANTINE_H

#include "base/checks.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#if !defined(JLT_CHECKS) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { quarantine_enabled = 0 };
#else
enum { quarantine_enabled = 1 };
#endif

void *quarantine_take(size_t size);
void quarantine_give_back(void *block, size_t size);

/* Any thread. Zeroed, aligned to 64 bytes where quarantine_enabled. NULL: no memory. */
static inline void *quarantine_new(size_t size)
{
    return quarantine_enabled ? quarantine_take(size) : calloc(1, size);
}

/* Any thread. size: as it was asked for. NULL is ignored. */
static inline void quarantine_free(void *block, size_t size)
{
    if (!quarantine_enabled)
        free(block);
    else if (block)
        quarantine_give_back(block, size);
}

/* What is told of a block in it, by a word of the block: alive, or used just now by a thread; zero: freed. */
enum life_tag { LIFE_ENDED, LIFE_ALIVE, LIFE_IN_USE };

/* From one tag to another, if it is that one. Returns what it was. The memory may have been given back: then it reads
 * as LIFE_ENDED for ever. */
static inline uint32_t quarantine_change(uint32_t *life, uint32_t from, uint32_t to)
{
    return __sync_val_compare_and_swap(life, from, to);
}

/* Ends the process if the block is not alive. what: "the slot was used after its frame or scope had ended". */
static inline void quarantine_expect(const uint32_t *life, const char *call, const char *what)
{
    if (quarantine_enabled && __atomic_load_n(life, __ATOMIC_ACQUIRE) != LIFE_ALIVE)
        checks_abort(call, what);
}

#endif
