/* SPDX-License-Identifier: MIT
 *
 * Task body: Julia's garbage collector, and references that it does not count. */
#ifndef JLTASK_COLLECTOR_H
#define JLTASK_COLLECTOR_H

#include "frames.h"

JLT_BEGIN_DECLARATIONS

/* Julia collects by itself when enough has been allocated; a program needs none of this for its values to be safe.
 * All are for task bodies; a NULL argument is JLT_INVALID_ARGUMENT. */

/* Collects now: everything, or only what is young, which is faster. Stops Julia's threads as any collection does, and
 * runs finalizers that are due. Does nothing while the collector is switched off. True if called on a frame that has
 * not failed. */
JLT_API bool jlt_gc_collect(jlt_frame *frame, bool full);

/* Switches the collector off (false) or on (true), and returns whether it was on; false on a frame that has failed,
 * too. Julia has such a switch for each of its threads, and collects only while it is on for all of them. This is that
 * of the thread that runs the body, the same to the body's end; the next message may be run by another. So the body
 * that switches it off should switch it on again, also where it fails: jlt_catch comes first then. Meanwhile nothing
 * is freed, whoever allocates. */
JLT_API bool jlt_gc_enable(jlt_frame *frame, bool enable);

/* What Julia's collector counts, from the start of Julia on. */
typedef struct jlt_gc_counts {
    uint64_t collections;
    uint64_t full_collections; /* of these: that freed what is old, too */
    uint64_t pause_ns;         /* of all together, in nanoseconds */
    uint64_t live_bytes;       /* that are in use, as of the last collection */
    uint64_t allocated_bytes;  /* all that was ever allocated */
} jlt_gc_counts;

/* Fills *counts. True if done. jlt_runtime_stats tells some of it to any thread. */
static inline bool jlt_gc_stats(jlt_frame *frame, jlt_gc_counts *counts);

/* A new WeakRef, rooted in the frame: a Julia value that refers to another without keeping it alive. It can be stored
 * wherever a value can. Meant for what is mutable; Julia may copy an immutable value, whose WeakRef then loses it. */
JLT_API jlt_value *jlt_weak_new(jlt_frame *frame, jlt_value *value);

/* What a WeakRef refers to, rooted in the frame and so kept alive as long; `nothing` (jlt_is_nothing) if that has been
 * collected. JLT_TYPE_MISMATCH if weak is no WeakRef. */
JLT_API jlt_value *jlt_weak_get(jlt_frame *frame, jlt_value *weak);

/* Beneath the inline function: it takes the size of the struct as its caller knows it, so that it can grow without
 * breaking programs built against an older header. */
JLT_API bool jlt_gc_stats_sized(jlt_frame *frame, jlt_gc_counts *counts, size_t counts_size);

static inline bool jlt_gc_stats(jlt_frame *frame, jlt_gc_counts *counts)
{
    return jlt_gc_stats_sized(frame, counts, sizeof(jlt_gc_counts));
}

JLT_END_DECLARATIONS

#endif
