/* SPDX-License-Identifier: MIT
 *
 * C structs as values of a bits type. Julia says which types those are, and how large. */
#include "data/value.h"

#include "julia/bootstrap.h"
#include "julia/symbols.h"

#include <string.h>

static const char julia_text[] = {
#include "bits.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:bits.jl", 0};

JULIA_FUNCTION(source, jlt_value *, make_bits, (jlt_value * type, const void *data, size_t size, int *failed),
               "Any, (Any, Ptr{Cvoid}, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, check_bits, (jlt_value * value, jlt_value *type, size_t size, int *failed),
               "Any, (Any, Any, Csize_t, Failed)");

static struct outcome make(jlt_value *type, const void *data, size_t size)
{
    RETURN_LATE(make_bits, type, data, size, &failed);
}

static struct outcome check(jlt_value *value, jlt_value *type, size_t size)
{
    RETURN_LATE(check_bits, value, type, size, &failed);
}

static bool wants(jlt_frame *frame, const char *call, jlt_value *value, const char *what, const void *data, size_t size)
{
    return frame_wants_value(frame, value, call, what) && (!size || frame_wants(frame, data, call, "data"));
}

jlt_value *jlt_box_bits(jlt_frame *frame, jlt_value *type, const void *data, size_t size)
{
    if (!frame_enter(frame, __func__) || !wants(frame, __func__, type, "type", data, size))
        return NULL;
    julia_may_collect();
    return frame_take(frame, make(type, data, size));
}

bool jlt_unbox_bits(jlt_frame *frame, jlt_value *value, jlt_value *type, void *data, size_t size)
{
    if (!frame_enter(frame, __func__) || !wants(frame, __func__, value, "value", data, size) ||
        (type && !frame_wants_value(frame, type, __func__, "type")))
        return false;
    if (!value_passed(frame, check(value, type ? type : bootstrap.nothing, size)))
        return false;
    if (size)
        memcpy(data, julia.value_ptr(value), size);
    return true;
}
