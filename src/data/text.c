/* SPDX-License-Identifier: MIT
 *
 * Values as text. */
#include "data/value.h"

#include "julia/bootstrap.h"

static const char julia_text[] = {
#include "text.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:text.jl", 0};

JULIA_FUNCTION(source, jlt_value *, show_text, (jlt_value * value, int *failed), "Any, (Any, Failed)");
JULIA_FUNCTION(source, jlt_value *, print_text, (jlt_value * value, int *failed), "Any, (Any, Failed)");

static struct outcome show(jlt_value *value)
{
    RETURN_LATE(show_text, value, &failed);
}

static struct outcome print(jlt_value *value)
{
    RETURN_LATE(print_text, value, &failed);
}

static const char *text(jlt_frame *frame, const char *call, struct outcome (*make)(jlt_value *), jlt_value *value,
                        size_t *length)
{
    if (!frame_enter(frame, call) || !frame_wants_value(frame, value, call, "value"))
        return NULL;
    julia_may_collect();
    jlt_value *string = frame_take(frame, make(value));
    return string ? jlt_unbox_string(frame, string, length) : NULL;
}

const char *jlt_show(jlt_frame *frame, jlt_value *value, size_t *length)
{
    return text(frame, __func__, show, value, length);
}

const char *jlt_print(jlt_frame *frame, jlt_value *value, size_t *length)
{
    return text(frame, __func__, print, value, length);
}
