/* SPDX-License-Identifier: MIT
 *
 * Arrays made for C: by Julia, or over the caller's memory.
 *
 * Memory with a release function belongs to Julia from the moment that its array has been made and rooted. The
 * function is called by a finalizer, of what owns the elements and not of the array alone, since others may share them
 * (array.jl). */
#include "data/array.h"

#include <stdint.h>
#include <stdlib.h>

static const char julia_text[] = {
#include "array.inc"
    , 0};
struct julia_source array_source = {julia_text, "jltask:array.jl", 0};

JULIA_FUNCTION(array_source, jlt_value *, new_array,
               (int element, jlt_value *type, size_t ndims, const size_t *dims, const char *call, int *failed),
               "Any, (Cint, Any, Csize_t, Ptr{Csize_t}, Ptr{UInt8}, Failed)");
JULIA_FUNCTION(array_source, jlt_value *, make_array,
               (int element, jlt_value *type, size_t size, const void *data, int copied, size_t ndims,
                const size_t *dims, void (*release)(void *), void *release_data, const char *call, int *failed),
               "Any, (Cint, Any, Csize_t, Ptr{Cvoid}, Cint, Csize_t, Ptr{Csize_t}, Ptr{Cvoid}, Ptr{Cvoid}, "
               "Ptr{UInt8}, Failed)");

_Static_assert(JLT_BOOL == 0 && JLT_F64 == 12 && JLT_C64 == 14 && JLT_ELEMENT_COUNT == 15,
               "array.jl lists the element types in this order");

enum { most_dims = 511 }; /* Julia keeps the number in 9 bits (until 1.10), and does not look whether it fits */

/* ---- arguments ---- */

bool element_numbered(jlt_frame *frame, const char *call, jlt_element number, struct element *element)
{
    static const size_t sizes[] = {
#define SIZE(name, julia_name, c) sizeof(c),
        JLT_ELEMENT_MAP(SIZE)
#undef SIZE
    };
    if ((unsigned)number >= JLT_ELEMENT_COUNT) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: %d is not an element type", call, (int)number);
        return false;
    }
    *element = (struct element){.number = (int)number, .type = bootstrap.nothing, .size = sizes[number]};
    return true;
}

bool element_of_type(jlt_frame *frame, const char *call, jlt_value *type, size_t size, struct element *element)
{
    if (!frame_wants_value(frame, type, call, "type"))
        return false;
    if (!size) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: element_size is 0", call);
        return false;
    }
    *element = (struct element){.number = -1, .type = type, .size = size};
    return true;
}

bool array_check_shape(jlt_frame *frame, const char *call, size_t element_size, size_t ndims, const size_t *dims,
                       size_t *bytes)
{
    if (ndims && !frame_wants(frame, dims, call, "dims"))
        return false;
    if (ndims > most_dims) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: %zu dimensions, but an array has at most %d", call, ndims,
                   most_dims);
        return false;
    }
    size_t product = element_size;
    for (size_t i = 0; i < ndims; i++) {
        /* a size is checked alone too: a zero before it would hide it */
        if (dims[i] >= PTRDIFF_MAX || __builtin_mul_overflow(product, dims[i], &product) || product > PTRDIFF_MAX) {
            frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: the dimensions exceed the address space", call);
            return false;
        }
    }
    if (bytes)
        *bytes = product;
    return true;
}

bool array_done(jlt_frame *frame, struct outcome outcome)
{
    if (outcome.failed)
        frame_take(frame, outcome);
    else
        julia_may_collect();
    return !outcome.failed && !frame->base->failed;
}

/* ---- new ---- */

static struct outcome make_new(const char *call, const struct element *element, size_t ndims, const size_t *dims)
{
    RETURN_LATE(new_array, element->number, element->type, ndims, dims, call, &failed);
}

jlt_value *jlt_array_new(jlt_frame *frame, jlt_element number, size_t ndims, const size_t *dims)
{
    struct element element;
    if (!frame_enter(frame, __func__) || !element_numbered(frame, __func__, number, &element) ||
        !array_check_shape(frame, __func__, element.size, ndims, dims, NULL))
        return NULL;
    return frame_take(frame, make_new(__func__, &element, ndims, dims));
}

jlt_value *jlt_array_new_of(jlt_frame *frame, jlt_value *type, size_t ndims, const size_t *dims)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, type, __func__, "type") ||
        !array_check_shape(frame, __func__, 1, ndims, dims, NULL))
        return NULL;
    struct element element = {.number = -1, .type = type};
    return frame_take(frame, make_new(__func__, &element, ndims, dims));
}

/* ---- from data ---- */

/* What lets go of memory; NULL for memory that stays the caller's. */
struct release {
    void (*function)(void *argument); /* NULL: there was no array in the end */
    void *argument;
};

/* Memory and its shape. */
struct elements {
    struct element type;
    const void *data;
    bool copied;
    size_t ndims;
    const size_t *dims;
};

/* From a finalizer: whatever body this thread was in is left meanwhile. */
static void run_release(void *data)
{
    struct release *release = data;
    struct fiber *fiber = current_fiber;
    struct error *error = error_detach();
    current_fiber = NULL;
    if (release->function)
        release->function(release->argument);
    current_fiber = fiber;
    error_attach(error);
    free(release);
}

static struct outcome make(const char *call, const struct elements *from, struct release *release)
{
    RETURN_LATE(make_array, from->type.number, from->type.type, from->type.size, from->data, from->copied, from->ndims,
                from->dims, release ? run_release : NULL, release, call, &failed);
}

/* data may be NULL where there are no elements. Julia does not take NULL even where there is nothing to read. */
static bool check(jlt_frame *frame, const char *call, struct elements *from)
{
    static _Alignas(16) const unsigned char nothing[16];
    size_t bytes;
    if (!array_check_shape(frame, call, from->type.size, from->ndims, from->dims, &bytes) ||
        (bytes && !frame_wants(frame, from->data, call, "data")))
        return false;
    if (!from->data)
        from->data = nothing;
    return true;
}

static jlt_value *from_data(jlt_frame *frame, const char *call, struct elements from)
{
    return check(frame, call, &from) ? frame_take(frame, make(call, &from, NULL)) : NULL;
}

/* The memory stays the caller's if this fails. */
static jlt_value *from_owned(jlt_frame *frame, const char *call, struct elements from, void (*function)(void *),
                             void *argument)
{
    if (!check(frame, call, &from) || !frame_wants(frame, function ? "" : NULL, call, "release"))
        return NULL;
    struct release *release = malloc(sizeof *release);
    if (!release) {
        frame_fail(frame, JLT_NO_MEMORY, "%s: no memory", call);
        return NULL;
    }
    *release = (struct release){function, argument};
    struct outcome outcome = make(call, &from, release);
    jlt_value *array = frame_take(frame, outcome);
    if (outcome.failed)
        free(release); /* there is no finalizer */
    else if (!array)
        release->function = NULL;
    return array;
}

jlt_value *jlt_array_copy(jlt_frame *frame, jlt_element element, const void *data, size_t ndims, const size_t *dims)
{
    struct elements from = {.data = data, .copied = true, .ndims = ndims, .dims = dims};
    if (!frame_enter(frame, __func__) || !element_numbered(frame, __func__, element, &from.type))
        return NULL;
    return from_data(frame, __func__, from);
}

jlt_value *jlt_array_copy_of(jlt_frame *frame, jlt_value *type, size_t element_size, const void *data, size_t ndims,
                             const size_t *dims)
{
    struct elements from = {.data = data, .copied = true, .ndims = ndims, .dims = dims};
    if (!frame_enter(frame, __func__) || !element_of_type(frame, __func__, type, element_size, &from.type))
        return NULL;
    return from_data(frame, __func__, from);
}

jlt_value *jlt_array_wrap(jlt_frame *frame, jlt_element element, void *data, size_t ndims, const size_t *dims)
{
    struct elements from = {.data = data, .ndims = ndims, .dims = dims};
    if (!frame_enter(frame, __func__) || !element_numbered(frame, __func__, element, &from.type))
        return NULL;
    return from_data(frame, __func__, from);
}

jlt_value *jlt_array_wrap_of(jlt_frame *frame, jlt_value *type, size_t element_size, void *data, size_t ndims,
                             const size_t *dims)
{
    struct elements from = {.data = data, .ndims = ndims, .dims = dims};
    if (!frame_enter(frame, __func__) || !element_of_type(frame, __func__, type, element_size, &from.type))
        return NULL;
    return from_data(frame, __func__, from);
}

jlt_value *jlt_array_wrap_owned(jlt_frame *frame, jlt_element element, void *data, size_t ndims, const size_t *dims,
                                void (*release)(void *argument), void *argument)
{
    struct elements from = {.data = data, .ndims = ndims, .dims = dims};
    if (!frame_enter(frame, __func__) || !element_numbered(frame, __func__, element, &from.type))
        return NULL;
    return from_owned(frame, __func__, from, release, argument);
}

jlt_value *jlt_array_wrap_owned_of(jlt_frame *frame, jlt_value *type, size_t element_size, void *data, size_t ndims,
                                   const size_t *dims, void (*release)(void *argument), void *argument)
{
    struct elements from = {.data = data, .ndims = ndims, .dims = dims};
    if (!frame_enter(frame, __func__) || !element_of_type(frame, __func__, type, element_size, &from.type))
        return NULL;
    return from_owned(frame, __func__, from, release, argument);
}
