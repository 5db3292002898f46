/* SPDX-License-Identifier: MIT
 *
 * One range of addresses is reserved for as long as the process lives, and given out from its beginning to its end, in
 * chunks. A chunk counts its blocks, and one more while blocks are still cut from it; whoever takes the count to zero
 * returns its memory, which then reads as zero. Where nothing can be reserved (a limit on address space), or all of it
 * has been used, freed blocks are zeroed and lost. */
#include "core/quarantine.h"

#include "base/spinlock.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

enum { line = 64, chunk_bytes = 1 << 16 };
static const size_t range_bytes = (size_t)1 << 44, range_chunks = ((size_t)1 << 44) / chunk_bytes;

static struct spinlock lock = {ATOMIC_FLAG_INIT};
static bool reserved;
static unsigned char *range;  /* NULL: there is none */
static atomic_uint *in_chunk; /* blocks in each chunk */
static size_t used;           /* bytes of the range */

static size_t rounded(size_t size)
{
    size_t unit = size > chunk_bytes / 2 ? chunk_bytes : line;
    return (size + unit - 1) & ~(unit - 1);
}

static size_t chunk_of(const void *block)
{
    return (size_t)((const unsigned char *)block - range) / chunk_bytes;
}

static void leave_chunk(size_t chunk)
{
    if (atomic_fetch_sub(&in_chunk[chunk], 1) == 1)
        platform_discard(range + chunk * chunk_bytes, chunk_bytes);
}

static void reserve(void)
{
    reserved = true;
    in_chunk = platform_reserve(range_chunks * sizeof *in_chunk);
    range = in_chunk ? platform_reserve(range_bytes) : NULL;
}

/* Where the next block is; NULL: not in the range. A large one has its chunks for itself, and they count nothing. */
static void *cut(size_t size)
{
    size_t left = (chunk_bytes - used % chunk_bytes) % chunk_bytes, chunk = used / chunk_bytes;
    if (!range || size > range_bytes - used - left)
        return NULL;
    if (left < size && left) { /* the chunk is done with */
        used += left;
        leave_chunk(chunk);
        left = 0;
    }
    void *block = range + used;
    used += size;
    if (size >= chunk_bytes)
        return block;
    atomic_fetch_add(&in_chunk[chunk_of(block)], left ? 1 : 2);
    if (used % chunk_bytes == 0)
        leave_chunk(chunk_of(block));
    return block;
}

static void *new_in_range(size_t size)
{
    spin_lock(&lock);
    if (!reserved)
        reserve();
    void *block = cut(size);
    spin_unlock(&lock);
    return block;
}

void *quarantine_take(size_t size)
{
    void *block = new_in_range(rounded(size));
    if (!block && (block = aligned_alloc(line, (size + line - 1) & ~(size_t)(line - 1))))
        memset(block, 0, size);
    return block;
}

void quarantine_give_back(void *block, size_t size)
{
    memset(block, 0, size);
    unsigned char *at = block;
    if (!range || at < range || at >= range + range_bytes)
        return;
    if (rounded(size) >= chunk_bytes)
        platform_discard(block, rounded(size));
    else
        leave_chunk(chunk_of(block));
}
