/* SPDX-License-Identifier: MIT
 *
 * Memory of messages, aligned to cache lines. Small blocks are reused. */
#ifndef JLT_CORE_BLOCK_H
#define JLT_CORE_BLOCK_H

#include <stddef.h>

/* Any thread. NULL: no memory. */
void *block_new(size_t size);

/* Any thread. size: as it was asked for. */
void block_free(void *block, size_t size);

#endif
