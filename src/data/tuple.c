/* SPDX-License-Identifier: MIT
 *
 * Tuples and named tuples. */
#include "data/value.h"

#include "data/known.h"
#include "julia/bootstrap.h"

static const char julia_text[] = {
#include "tuple.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:tuple.jl", 0};

JULIA_FUNCTION(source, jlt_value *, make_tuple, (jlt_value *const *values, size_t count, int *failed),
               "Any, (Ptr{Any}, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, make_named_tuple, (const jlt_field *fields, size_t count, int *failed),
               "Any, (Ptr{Cvoid}, Csize_t, Failed)");

_Static_assert(sizeof(jlt_field) == 2 * sizeof(void *), "make_named_tuple in tuple.jl reads fields as pairs of words");

static struct outcome new_tuple(jlt_value *const *values, size_t count)
{
    RETURN_LATE(make_tuple, values, count, &failed);
}

static jlt_value *tuple(jlt_frame *frame, const char *call, jlt_value *const *values, size_t count)
{
    if (!values_check(frame, call, "value", values, count))
        return NULL;
    julia_may_collect();
    return frame_take(frame, new_tuple(values, count));
}

jlt_value *jlt_tuple_n(jlt_frame *frame, jlt_value *const *values, size_t count)
{
    return frame_enter(frame, __func__) ? tuple(frame, __func__, values, count) : NULL;
}

jlt_value *jlt_tuple_list(jlt_frame *frame, jlt_value *const *list)
{
    static const char call[] = "jlt_tuple";
    if (!frame_enter(frame, call) || !frame_wants(frame, list, call, "list"))
        return NULL;
    return tuple(frame, call, list, value_count(list));
}

static struct outcome new_named_tuple(const jlt_field *fields, size_t count)
{
    RETURN_LATE(make_named_tuple, fields, count, &failed);
}

static jlt_value *named_tuple(jlt_frame *frame, const char *call, const jlt_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].name && fields[i].value) {
            known_expect(fields[i].value, call, fields[i].name);
            continue;
        }
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: the %s of field %zu is NULL", call,
                   fields[i].name ? "value" : "name", i + 1);
        return NULL;
    }
    julia_may_collect();
    return frame_take(frame, new_named_tuple(fields, count));
}

jlt_value *jlt_named_tuple_n(jlt_frame *frame, const jlt_field *fields, size_t count)
{
    if (!frame_enter(frame, __func__) || (count && !frame_wants(frame, fields, __func__, "fields")))
        return NULL;
    return named_tuple(frame, __func__, fields, count);
}

jlt_value *jlt_named_tuple_list(jlt_frame *frame, const jlt_field *list)
{
    static const char call[] = "jlt_named_tuple";
    if (!frame_enter(frame, call) || !frame_wants(frame, list, call, "list"))
        return NULL;
    size_t count = 0;
    while (list[count].value != JLT_LIST_END)
        count++;
    return named_tuple(frame, call, list, count);
}
