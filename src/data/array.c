/* SPDX-License-Identifier: MIT
 *
 * Arrays of plain elements: made by Julia, or over the caller's memory, and seen from C. */
#include "data/frame.h"

#include "julia/bootstrap.h"

#include <stdint.h>
#include <string.h>

static const char julia_text[] = {
#include "array.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:array.jl", false};

JULIA_FUNCTION(source, jlt_value *, make_array,
               (int element, const void *data, int copied, size_t ndims, const size_t *dims, int *failed),
               "Any, (Cint, Ptr{Cvoid}, Cint, Csize_t, Ptr{Csize_t}, Failed)");
JULIA_FUNCTION(source, jlt_value *, view_array,
               (jlt_value * array, int element, void *view, size_t max_dims, int *failed),
               "Any, (Any, Cint, Ptr{Csize_t}, Csize_t, Failed)");

_Static_assert(JLT_BOOL == 0 && JLT_F64 == 12 && JLT_C64 == 14 && JLT_ELEMENT_COUNT == 15,
               "array.jl lists the element types in this order");

/* Float16's and the others' sizes are their alignments, but for the complex ones. */
static const struct {
    const char *name;
    size_t size, alignment;
} elements[] = {
#define ELEMENT(name, julia_name, c) {#julia_name, sizeof(c), _Alignof(c)},
    JLT_ELEMENT_MAP(ELEMENT)
#undef ELEMENT
};

enum { most_dims = 511 }; /* Julia keeps the number in 9 bits (until 1.10), and does not look whether it fits */

/* The shape of a new array; *bytes receives what its elements take. */
static bool check_shape(jlt_frame *frame, const char *call, jlt_element element, size_t ndims, const size_t *dims,
                        size_t *bytes)
{
    if ((unsigned)element >= JLT_ELEMENT_COUNT) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: %d is not an element type", call, (int)element);
        return false;
    }
    if (ndims && !frame_wants(frame, dims, call, "dims"))
        return false;
    if (ndims > most_dims) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: %zu dimensions, but an array has at most %d", call, ndims,
                   most_dims);
        return false;
    }
    *bytes = elements[element].size;
    for (size_t i = 0; i < ndims; i++) {
        /* a size is checked alone too: a zero before it would hide it */
        if (dims[i] >= PTRDIFF_MAX || __builtin_mul_overflow(*bytes, dims[i], bytes) || *bytes > PTRDIFF_MAX) {
            frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: the dimensions exceed the address space", call);
            return false;
        }
    }
    return true;
}

/* The same for an array made from data, which may be NULL where there are no elements. */
static bool check_data(jlt_frame *frame, const char *call, jlt_element element, const void *data, size_t ndims,
                       const size_t *dims)
{
    size_t bytes;
    return check_shape(frame, call, element, ndims, dims, &bytes) && (!bytes || frame_wants(frame, data, call, "data"));
}

/* data NULL: zeroed. copied: else the array is over data itself. */
static struct outcome new_array(jlt_element element, const void *data, bool copied, size_t ndims, const size_t *dims)
{
    RETURN_OUTCOME(LATE(make_array)(element, data, copied, ndims, dims, &failed));
}

jlt_value *jlt_array_new(jlt_frame *frame, jlt_element element, size_t ndims, const size_t *dims)
{
    size_t bytes;
    if (!frame_enter(frame, __func__) || !check_shape(frame, __func__, element, ndims, dims, &bytes))
        return NULL;
    return frame_take(frame, new_array(element, NULL, false, ndims, dims));
}

/* Julia does not take NULL even where there is nothing to read. */
static const void *somewhere(const void *data)
{
    static _Alignas(16) const unsigned char nothing[16];
    return data ? data : nothing;
}

jlt_value *jlt_array_copy(jlt_frame *frame, jlt_element element, const void *data, size_t ndims, const size_t *dims)
{
    if (!frame_enter(frame, __func__) || !check_data(frame, __func__, element, data, ndims, dims))
        return NULL;
    return frame_take(frame, new_array(element, somewhere(data), true, ndims, dims));
}

jlt_value *jlt_array_wrap(jlt_frame *frame, jlt_element element, void *data, size_t ndims, const size_t *dims)
{
    if (!frame_enter(frame, __func__) || !check_data(frame, __func__, element, data, ndims, dims))
        return NULL;
    if ((uintptr_t)data % elements[element].alignment) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_array_wrap: data is not aligned for %s", elements[element].name);
        return NULL;
    }
    return frame_take(frame, new_array(element, somewhere(data), false, ndims, dims));
}

/* Fills the first words of *view: data, length, element_size, ndims, dims. */
static struct outcome view_elements(jlt_value *array, jlt_element element, jlt_view *view)
{
    RETURN_OUTCOME(LATE(view_array)(array, element, view, JLT_VIEW_DIMS, &failed));
}

bool jlt_array_view_sized(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view, size_t view_size)
{
    static const char call[] = "jlt_array_view";
    if (!frame_enter(frame, call) || !frame_wants(frame, array, call, "array") ||
        !frame_wants(frame, view, call, "view"))
        return false;
    if ((unsigned)element >= JLT_ELEMENT_COUNT) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: %d is not an element type", call, (int)element);
        return false;
    }
    jlt_view whole;
    _Static_assert(offsetof(jlt_view, dims) == 4 * sizeof(size_t) && sizeof(void *) == sizeof(size_t),
                   "view_array in array.jl fills it word by word");
    struct outcome outcome = view_elements(array, element, &whole);
    if (outcome.failed) {
        frame_take(frame, outcome);
        return false;
    }
    memcpy(view, &whole, view_size < sizeof whole ? view_size : sizeof whole);
    return true;
}
