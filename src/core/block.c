/* SPDX-License-Identifier: MIT
 *
 * A thread that sends and receives frees one message for each that it makes, and its allocator would hand it the block
 * of the last one: a line that the worker's core still has a copy of, so that the first write waits for that core. So
 * a thread keeps the small blocks that it frees, asks for the line then, and reuses the oldest.
 *
 * Each thread touches only its own; what does not fit, and what is left when it ends, is freed. With JLT_CHECKS nothing
 * is reused (quarantine.h). */
#include "core/block.h"

#include "base/prefetch.h"
#include "core/quarantine.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { line = 64, small = 2 * line, kept_at_most = 64, kept_at_least = 8 };

struct kept {
    void *blocks[kept_at_most]; /* a ring */
    unsigned first, count;
};

static _Thread_local struct kept *kept;
static pthread_key_t kept_key;
static pthread_once_t kept_once = PTHREAD_ONCE_INIT;
static bool has_key; /* false: the program has used them all up, and nothing is kept */

static void free_kept(void *data)
{
    struct kept *old = data;
    kept = NULL;
    while (old->count--)
        free(old->blocks[old->first++ % kept_at_most]);
    free(old);
}

static void make_key(void)
{
    has_key = !pthread_key_create(&kept_key, free_kept);
}

static void begin_to_keep(void)
{
    pthread_once(&kept_once, make_key);
    struct kept *fresh = has_key ? calloc(1, sizeof *fresh) : NULL;
    if (fresh && pthread_setspecific(kept_key, fresh)) {
        free(fresh);
        fresh = NULL;
    }
    kept = fresh;
}

void *block_new(size_t size)
{
    if (quarantine_enabled)
        return quarantine_new(size);
    if (size <= small) {
        if (kept && kept->count > kept_at_least) {
            kept->count--;
            return kept->blocks[kept->first++ % kept_at_most];
        }
        size = small;
    }
    return aligned_alloc(line, (size + line - 1) & ~(size_t)(line - 1));
}

/* A sanitizer finds use after free(), not after this. */
#ifdef __SANITIZE_ADDRESS__
enum { may_keep = 0 };
#else
enum { may_keep = 1 };
#endif

static bool keep(void *block)
{
    if (!kept)
        begin_to_keep();
    if (!kept || kept->count == kept_at_most)
        return false;
    prefetch_to_write(block);
    kept->blocks[(kept->first + kept->count++) % kept_at_most] = block;
    return true;
}

void block_free(void *block, size_t size)
{
    if (quarantine_enabled)
        quarantine_free(block, size);
    else if (!may_keep || size > small || !keep(block))
        free(block);
}
