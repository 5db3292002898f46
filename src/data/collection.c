/* SPDX-License-Identifier: MIT
 *
 * Elements of collections, and ranges. */
#include "data/value.h"

#include "julia/bootstrap.h"

static const char julia_text[] = {
#include "collection.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:collection.jl", 0};

JULIA_FUNCTION(source, jlt_value *, get_element,
               (jlt_value * collection, jlt_value *const *indices, size_t count, int *failed),
               "Any, (Any, Ptr{Any}, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, set_element,
               (jlt_value * collection, jlt_value *value, jlt_value *const *indices, size_t count, int *failed),
               "Any, (Any, Any, Ptr{Any}, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, get_element_at, (jlt_value * collection, int64_t index, int *failed),
               "Any, (Any, Int64, Failed)");
JULIA_FUNCTION(source, jlt_value *, set_element_at,
               (jlt_value * collection, jlt_value *value, int64_t index, int *failed),
               "Any, (Any, Any, Int64, Failed)");
JULIA_FUNCTION(source, jlt_value *, has_key, (jlt_value * collection, jlt_value *key, int *has, int *failed),
               "Any, (Any, Any, Ptr{Cint}, Failed)");
JULIA_FUNCTION(source, jlt_value *, length_of, (jlt_value * collection, size_t *length, int *failed),
               "Any, (Any, Ptr{Csize_t}, Failed)");
JULIA_FUNCTION(source, jlt_value *, make_range_i64, (int64_t first, int64_t step, int64_t last, int *failed),
               "Any, (Int64, Int64, Int64, Failed)");
JULIA_FUNCTION(source, jlt_value *, make_range_f64, (double first, double last, size_t length, int *failed),
               "Any, (Float64, Float64, Csize_t, Failed)");

/* ---- elements ---- */

static struct outcome get(jlt_value *collection, jlt_value *const *indices, size_t count)
{
    RETURN_LATE(get_element, collection, indices, count, &failed);
}

static jlt_value *get_at(jlt_frame *frame, const char *call, jlt_value *collection, jlt_value *const *indices,
                         size_t count)
{
    if (!frame_wants_value(frame, collection, call, "collection") ||
        !values_check(frame, call, "index", indices, count))
        return NULL;
    julia_may_collect();
    return frame_take(frame, get(collection, indices, count));
}

jlt_value *jlt_index_n(jlt_frame *frame, jlt_value *collection, jlt_value *const *indices, size_t count)
{
    return frame_enter(frame, __func__) ? get_at(frame, __func__, collection, indices, count) : NULL;
}

/* Whether the list has at least `count` values; sets it to their number. */
static bool check_list(jlt_frame *frame, const char *call, jlt_value *const *list, size_t *count)
{
    if (!frame_wants(frame, list, call, "list"))
        return false;
    size_t needed = *count;
    *count = value_count(list);
    if (*count < needed)
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: the list has %zu values, but needs %zu", call, *count, needed);
    return *count >= needed;
}

jlt_value *jlt_index_list(jlt_frame *frame, jlt_value *const *list)
{
    static const char call[] = "jlt_index";
    size_t count = 1;
    if (!frame_enter(frame, call) || !check_list(frame, call, list, &count))
        return NULL;
    return get_at(frame, call, list[0], list + 1, count - 1);
}

static struct outcome set(jlt_value *collection, jlt_value *value, jlt_value *const *indices, size_t count)
{
    RETURN_LATE(set_element, collection, value, indices, count, &failed);
}

static bool set_at(jlt_frame *frame, const char *call, jlt_value *collection, jlt_value *value,
                   jlt_value *const *indices, size_t count)
{
    if (!frame_wants_value(frame, collection, call, "collection") || !frame_wants_value(frame, value, call, "value") ||
        !values_check(frame, call, "index", indices, count))
        return false;
    julia_may_collect();
    return value_passed(frame, set(collection, value, indices, count));
}

bool jlt_index_set_n(jlt_frame *frame, jlt_value *collection, jlt_value *value, jlt_value *const *indices, size_t count)
{
    return frame_enter(frame, __func__) && set_at(frame, __func__, collection, value, indices, count);
}

bool jlt_index_set_list(jlt_frame *frame, jlt_value *const *list)
{
    static const char call[] = "jlt_index_set";
    size_t count = 2;
    if (!frame_enter(frame, call) || !check_list(frame, call, list, &count))
        return false;
    return set_at(frame, call, list[0], list[1], list + 2, count - 2);
}

static struct outcome get_int(jlt_value *collection, int64_t index)
{
    RETURN_LATE(get_element_at, collection, index, &failed);
}

jlt_value *jlt_index_at(jlt_frame *frame, jlt_value *collection, int64_t index)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, collection, __func__, "collection"))
        return NULL;
    julia_may_collect();
    return frame_take(frame, get_int(collection, index));
}

static struct outcome set_int(jlt_value *collection, jlt_value *value, int64_t index)
{
    RETURN_LATE(set_element_at, collection, value, index, &failed);
}

bool jlt_index_set_at(jlt_frame *frame, jlt_value *collection, jlt_value *value, int64_t index)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, collection, __func__, "collection") ||
        !frame_wants_value(frame, value, __func__, "value"))
        return false;
    julia_may_collect();
    return value_passed(frame, set_int(collection, value, index));
}

static struct outcome has(jlt_value *collection, jlt_value *key, int *result)
{
    RETURN_LATE(has_key, collection, key, result, &failed);
}

bool jlt_has_key(jlt_frame *frame, jlt_value *collection, jlt_value *key)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, collection, __func__, "collection") ||
        !frame_wants_value(frame, key, __func__, "key"))
        return false;
    int result = 0;
    julia_may_collect();
    return value_passed(frame, has(collection, key, &result)) && result;
}

static struct outcome count_elements(jlt_value *collection, size_t *length)
{
    RETURN_LATE(length_of, collection, length, &failed);
}

size_t jlt_length(jlt_frame *frame, jlt_value *collection)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, collection, __func__, "collection"))
        return 0;
    size_t length = 0;
    julia_may_collect();
    return value_passed(frame, count_elements(collection, &length)) ? length : 0;
}

/* ---- ranges ---- */

static struct outcome range_i64(int64_t first, int64_t step, int64_t last)
{
    RETURN_LATE(make_range_i64, first, step, last, &failed);
}

jlt_value *jlt_range_i64(jlt_frame *frame, int64_t first, int64_t step, int64_t last)
{
    if (!frame_enter(frame, __func__))
        return NULL;
    if (step)
        return frame_take(frame, range_i64(first, step, last));
    frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_range_i64: step is 0");
    return NULL;
}

static struct outcome range_f64(double first, double last, size_t length)
{
    RETURN_LATE(make_range_f64, first, last, length, &failed);
}

jlt_value *jlt_range_f64(jlt_frame *frame, double first, double last, size_t length)
{
    if (!frame_enter(frame, __func__))
        return NULL;
    if (length <= PTRDIFF_MAX)
        return frame_take(frame, range_f64(first, last, length));
    frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_range_f64: a range cannot have %zu elements", length);
    return NULL;
}
