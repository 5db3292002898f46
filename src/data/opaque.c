/* SPDX-License-Identifier: MIT
 *
 * C data as a Julia object, which owns it. */
#include "data/frame.h"

#include "julia/bootstrap.h"
#include "julia/symbols.h"

static const char julia_text[] = {
#include "opaque.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:opaque.jl", 0};

JULIA_FUNCTION(source, jlt_value *, new_opaque, (void *data, void (*release)(void *), jlt_value *tag, int *failed),
               "Any, (Ptr{Cvoid}, Ptr{Cvoid}, Any, Failed)");
JULIA_FUNCTION(source, jlt_value *, arm_opaque, (jlt_value * opaque, int *failed), "Any, (Any, Failed)");
JULIA_FUNCTION(source, jlt_value *, opaque_data, (jlt_value * opaque, jlt_value *tag, void **data, int *failed),
               "Any, (Any, Any, Ptr{Ptr{Cvoid}}, Failed)");

/* Symbols are never collected. */
static struct outcome make(void *data, void (*release)(void *data), const char *tag)
{
    jlt_value *symbol = julia.symbol(tag ? tag : "");
    RETURN_LATE(new_opaque, data, release, symbol, &failed);
}

static struct outcome arm(jlt_value *opaque)
{
    RETURN_LATE(arm_opaque, opaque, &failed);
}

jlt_value *jlt_opaque(jlt_frame *frame, const char *tag, void *data, void (*release)(void *data))
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, data, __func__, "data"))
        return NULL;
    jlt_value *value = frame_take(frame, make(data, release, tag));
    if (!value || !release)
        return value;
    /* only now: until here the data is the caller's */
    return frame_take(frame, arm(value)) ? value : NULL;
}

static struct outcome get(jlt_value *opaque, const char *tag, void **data)
{
    jlt_value *symbol = tag ? julia.symbol(tag) : bootstrap.nothing;
    RETURN_LATE(opaque_data, opaque, symbol, data, &failed);
}

void *jlt_opaque_get(jlt_frame *frame, const char *tag, jlt_value *value)
{
    void *data = NULL;
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return NULL;
    struct outcome outcome = get(value, tag, &data);
    if (outcome.failed)
        frame_take(frame, outcome);
    return data;
}
