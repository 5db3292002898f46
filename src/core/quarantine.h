/* SPDX-License-Identifier: MIT
 *
 * Memory of what the program has handles on, in builds with JLT_CHECKS: once freed it reads as zero for ever and no
 * address is given out again, so that a tag in it tells of every use after the end. The memory itself goes back to the
 * system. Without JLT_CHECKS, and under sanitizers, which find uses of freed memory themselves, it is malloc's. */
#ifndef JLT_CORE_QUARANTINE_H
#define JLT_CORE_QUARANTINE_H

#include "base/checks.h"

#include <stddef.h>

#if !defined(JLT_CHECKS) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { quarantine_enabled = 0 };
#else
enum { quarantine_enabled = 1 };
#endif

/* Any thread. Zeroed, aligned to 64 bytes where quarantine_enabled, else as malloc does. NULL: no memory. */
void *quarantine_new(size_t size);

/* Any thread. size: as it was asked for. NULL is ignored. */
void quarantine_free(void *block, size_t size);

/* What is told of a block in it, by a word of the block: alive, or used just now by a thread; zero: freed. */
enum life_tag { LIFE_ENDED, LIFE_ALIVE, LIFE_IN_USE };

/* Ends the process if the block is not alive. what: "the slot was used after its frame or scope had ended". */
static inline void quarantine_expect(const uint32_t *life, const char *call, const char *what)
{
    if (quarantine_enabled && __atomic_load_n(life, __ATOMIC_ACQUIRE) != LIFE_ALIVE)
        checks_abort(call, what);
}

#endif
