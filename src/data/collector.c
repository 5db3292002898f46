/* SPDX-License-Identifier: MIT
 *
 * Julia's collector, and weak references. */
#include "data/value.h"

#include "julia/bootstrap.h"
#include "julia/symbols.h"

#include <string.h>

static const char julia_text[] = {
#include "collector.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:collector.jl", 0};

JULIA_FUNCTION(source, jlt_value *, count_collections, (uint64_t * numbers, int *failed), "Any, (Ptr{UInt64}, Failed)");
JULIA_FUNCTION(source, jlt_value *, new_weak, (jlt_value * value, int *failed), "Any, (Any, Failed)");
JULIA_FUNCTION(source, jlt_value *, weak_value, (jlt_value * weak, int *failed), "Any, (Any, Failed)");

_Static_assert(sizeof(jlt_gc_counts) == 5 * sizeof(uint64_t), "collector.jl has these five");

/* ---- the collector ---- */

bool jlt_gc_collect(jlt_frame *frame, bool full)
{
    enum { everything = 1, young = 2 }; /* jl_gc_collection_t */
    if (!frame_enter(frame, __func__))
        return false;
    struct body body = leave_body(); /* finalizers are code of the user's */
    julia.gc_collect(full ? everything : young);
    back_in_body(body);
    return true;
}

bool jlt_gc_enable(jlt_frame *frame, bool enable)
{
    if (!frame_enter(frame, __func__))
        return false;
    return julia.gc_enable(enable) != 0;
}

static struct outcome count(uint64_t *numbers)
{
    RETURN_LATE(count_collections, numbers, &failed);
}

bool jlt_gc_stats_sized(jlt_frame *frame, jlt_gc_counts *counts, size_t counts_size)
{
    static const char call[] = "jlt_gc_stats";
    jlt_gc_counts found = {0};
    if (!frame_enter(frame, call) || !frame_wants(frame, counts, call, "counts") ||
        !value_passed(frame, count((uint64_t *)&found)))
        return false;
    memset(counts, 0, counts_size); /* a newer caller's further members */
    memcpy(counts, &found, counts_size < sizeof found ? counts_size : sizeof found);
    return true;
}

/* ---- weak references ---- */

static struct outcome make_weak(jlt_value *value)
{
    RETURN_LATE(new_weak, value, &failed);
}

jlt_value *jlt_weak_new(jlt_frame *frame, jlt_value *value)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return NULL;
    julia_may_collect();
    return frame_take(frame, make_weak(value));
}

static struct outcome look(jlt_value *weak)
{
    RETURN_LATE(weak_value, weak, &failed);
}

jlt_value *jlt_weak_get(jlt_frame *frame, jlt_value *weak)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, weak, __func__, "weak"))
        return NULL;
    julia_may_collect();
    return frame_take(frame, look(weak));
}
