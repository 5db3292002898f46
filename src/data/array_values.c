/* SPDX-License-Identifier: MIT
 *
 * Elements as values, and arrays that get another length or shape. */
#include "data/array.h"

static const char julia_text[] = {
#include "array_values.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:array_values.jl", 0};

JULIA_FUNCTION_ON(array_source, source, jlt_value *, get_element,
                  (jlt_value * array, size_t index, const char *call, int *failed),
                  "Any, (Any, Csize_t, Ptr{UInt8}, Failed)");
JULIA_FUNCTION_ON(array_source, source, jlt_value *, set_element,
                  (jlt_value * array, size_t index, jlt_value *value, const char *call, int *failed),
                  "Any, (Any, Csize_t, Any, Ptr{UInt8}, Failed)");
JULIA_FUNCTION_ON(array_source, source, jlt_value *, append_elements,
                  (jlt_value * vector, int element, jlt_value *type, size_t element_size, const void *data,
                   size_t count, const char *call, int *failed),
                  "Any, (Any, Cint, Any, Csize_t, Ptr{Cvoid}, Csize_t, Ptr{UInt8}, Failed)");
JULIA_FUNCTION_ON(array_source, source, jlt_value *, push_value,
                  (jlt_value * vector, jlt_value *value, const char *call, int *failed),
                  "Any, (Any, Any, Ptr{UInt8}, Failed)");
JULIA_FUNCTION_ON(array_source, source, jlt_value *, resize_vector,
                  (jlt_value * vector, size_t length, const char *call, int *failed),
                  "Any, (Any, Csize_t, Ptr{UInt8}, Failed)");
JULIA_FUNCTION_ON(array_source, source, jlt_value *, reshape_array,
                  (jlt_value * array, size_t ndims, const size_t *dims, const char *call, int *failed),
                  "Any, (Any, Csize_t, Ptr{Csize_t}, Ptr{UInt8}, Failed)");
JULIA_FUNCTION_ON(array_source, source, jlt_value *, store_shape,
                  (jlt_value * array, size_t room, size_t *dims, size_t *ndims_and_length, const char *call,
                   int *failed),
                  "Any, (Any, Csize_t, Ptr{Csize_t}, Ptr{Csize_t}, Ptr{UInt8}, Failed)");

/* ---- elements ---- */

static struct outcome get(const char *call, jlt_value *array, size_t index)
{
    RETURN_LATE(get_element, array, index, call, &failed);
}

jlt_value *jlt_array_get(jlt_frame *frame, jlt_value *array, size_t index)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, array, __func__, "array"))
        return NULL;
    return frame_take(frame, get(__func__, array, index));
}

static struct outcome set(const char *call, jlt_value *array, size_t index, jlt_value *value)
{
    RETURN_LATE(set_element, array, index, value, call, &failed);
}

bool jlt_array_set(jlt_frame *frame, jlt_value *array, size_t index, jlt_value *value)
{
    return frame_enter(frame, __func__) && frame_wants_value(frame, array, __func__, "array") &&
           frame_wants_value(frame, value, __func__, "value") && array_done(frame, set(__func__, array, index, value));
}

/* ---- length ---- */

static struct outcome append(const char *call, jlt_value *vector, const struct element *element, const void *data,
                             size_t count)
{
    RETURN_LATE(append_elements, vector, element->number, element->type, element->size, data, count, call, &failed);
}

/* what: the name of data. */
static bool append_checked(jlt_frame *frame, const char *call, jlt_value *vector, const struct element *element,
                           const void *data, const char *what, size_t count)
{
    if (!frame_wants_value(frame, vector, call, "vector") || (count && !frame_wants(frame, data, call, what)))
        return false;
    if (count > PTRDIFF_MAX / element->size) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: %zu elements exceed the address space", call, count);
        return false;
    }
    return array_done(frame, append(call, vector, element, data, count));
}

bool jlt_array_push(jlt_frame *frame, jlt_value *vector, jlt_element number, const void *value)
{
    struct element element;
    return frame_enter(frame, __func__) && element_numbered(frame, __func__, number, &element) &&
           append_checked(frame, __func__, vector, &element, value, "value", 1);
}

bool jlt_array_append(jlt_frame *frame, jlt_value *vector, jlt_element number, const void *data, size_t count)
{
    struct element element;
    return frame_enter(frame, __func__) && element_numbered(frame, __func__, number, &element) &&
           append_checked(frame, __func__, vector, &element, data, "data", count);
}

bool jlt_array_append_of(jlt_frame *frame, jlt_value *vector, jlt_value *type, size_t element_size, const void *data,
                         size_t count)
{
    struct element element;
    return frame_enter(frame, __func__) && element_of_type(frame, __func__, type, element_size, &element) &&
           append_checked(frame, __func__, vector, &element, data, "data", count);
}

static struct outcome push(const char *call, jlt_value *vector, jlt_value *value)
{
    RETURN_LATE(push_value, vector, value, call, &failed);
}

bool jlt_array_push_value(jlt_frame *frame, jlt_value *vector, jlt_value *value)
{
    return frame_enter(frame, __func__) && frame_wants_value(frame, vector, __func__, "vector") &&
           frame_wants_value(frame, value, __func__, "value") && array_done(frame, push(__func__, vector, value));
}

static struct outcome resize(const char *call, jlt_value *vector, size_t length)
{
    RETURN_LATE(resize_vector, vector, length, call, &failed);
}

bool jlt_array_resize(jlt_frame *frame, jlt_value *vector, size_t length)
{
    return frame_enter(frame, __func__) && frame_wants_value(frame, vector, __func__, "vector") &&
           array_check_shape(frame, __func__, 1, 1, &length, NULL) &&
           array_done(frame, resize(__func__, vector, length));
}

/* ---- shape ---- */

static struct outcome reshape(const char *call, jlt_value *array, size_t ndims, const size_t *dims)
{
    RETURN_LATE(reshape_array, array, ndims, dims, call, &failed);
}

jlt_value *jlt_array_reshape(jlt_frame *frame, jlt_value *array, size_t ndims, const size_t *dims)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, array, __func__, "array") ||
        !array_check_shape(frame, __func__, 1, ndims, dims, NULL))
        return NULL;
    return frame_take(frame, reshape(__func__, array, ndims, dims));
}

static struct outcome shape(const char *call, jlt_value *array, size_t room, size_t *dims, size_t *ndims_and_length)
{
    RETURN_LATE(store_shape, array, room, dims, ndims_and_length, call, &failed);
}

size_t jlt_array_shape(jlt_frame *frame, jlt_value *array, size_t room, size_t *dims)
{
    size_t ndims_and_length[2] = {0};
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, array, __func__, "array") ||
        (room && !frame_wants(frame, dims, __func__, "dims")) ||
        !array_done(frame, shape(__func__, array, room, dims, ndims_and_length)))
        return 0;
    for (size_t i = ndims_and_length[0]; i < room; i++)
        dims[i] = 1;
    return ndims_and_length[0];
}

size_t jlt_array_length(jlt_frame *frame, jlt_value *array)
{
    size_t ndims_and_length[2] = {0};
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, array, __func__, "array") ||
        !array_done(frame, shape(__func__, array, 0, NULL, ndims_and_length)))
        return 0;
    return ndims_and_length[1];
}
