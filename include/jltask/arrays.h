/* SPDX-License-Identifier: MIT
 *
 * Task body: arrays and their elements. */
#ifndef JLTASK_ARRAYS_H
#define JLTASK_ARRAYS_H

#include "calls.h"

JLT_BEGIN_DECLARATIONS

/* Element types, with their Julia and C types. */
#define JLT_ELEMENT_MAP(X)                                                                                             \
    X(BOOL, Bool, uint8_t)                                                                                             \
    X(CHAR, Char, uint32_t) /* Julia's own encoding of a Char, not a code point */                                     \
    X(I8, Int8, int8_t)                                                                                                \
    X(I16, Int16, int16_t)                                                                                             \
    X(I32, Int32, int32_t)                                                                                             \
    X(I64, Int64, int64_t)                                                                                             \
    X(U8, UInt8, uint8_t)                                                                                              \
    X(U16, UInt16, uint16_t)                                                                                           \
    X(U32, UInt32, uint32_t)                                                                                           \
    X(U64, UInt64, uint64_t)                                                                                           \
    X(F16, Float16, uint16_t)                                                                                          \
    X(F32, Float32, float)                                                                                             \
    X(F64, Float64, double)                                                                                            \
    X(C32, ComplexF32, jlt_c32)                                                                                        \
    X(C64, ComplexF64, jlt_c64)

typedef enum jlt_element {
#define JLT_ELEMENT_ENUM(name, julia, c) JLT_##name,
    JLT_ELEMENT_MAP(JLT_ELEMENT_ENUM)
#undef JLT_ELEMENT_ENUM
        JLT_ELEMENT_COUNT
} jlt_element;

/* Julia's arrays are column-major: dims are ndims sizes, of which the first varies fastest in memory, and the element
 * at (i, j, k), from 0, stands at i + dims[0] * (j + dims[1] * k). Where a call below does not say otherwise, an
 * argument that is NULL, sizes that exceed the address space, and a number that is not a jlt_element are
 * JLT_INVALID_ARGUMENT, and an array of another element type is JLT_TYPE_MISMATCH, naming both. What Julia throws
 * is JLT_EXCEPTION, for lack of memory JLT_NO_MEMORY. Those that return a value root it in the frame. */

/* A new Array{element, ndims}, its elements zero. */
JLT_API jlt_value *jlt_array_new(jlt_frame *frame, jlt_element element, size_t ndims, const size_t *dims);

/* The same, holding a copy of the elements at data. */
JLT_API jlt_value *jlt_array_copy(jlt_frame *frame, jlt_element element, const void *data, size_t ndims,
                                  const size_t *dims);

/* An array over the caller's own memory, without a copy: Julia reads and writes it in place. The memory stays
 * the caller's and must outlive every use of the array in Julia. It must be aligned for its elements; else
 * JLT_INVALID_ARGUMENT. */
JLT_API jlt_value *jlt_array_wrap(jlt_frame *frame, jlt_element element, void *data, size_t ndims, const size_t *dims);

/* The same, and the memory becomes Julia's: release(argument) is called once, when nothing in Julia refers to the
 * elements any more (reshaped arrays and views of them included), or when Julia ends. A failure leaves the memory the
 * caller's, and release is not called. For malloc's: release free, argument data.
 * release may run on any of Julia's threads, also in the midst of a body there. It gets no frame and must not use any;
 * must not block, nor take a lock that a body holds while it calls jltask. */
JLT_API jlt_value *jlt_array_wrap_owned(jlt_frame *frame, jlt_element element, void *data, size_t ndims,
                                        const size_t *dims, void (*release)(void *argument), void *argument);

/* Arrays of any type: type is a Julia type, given as a value (jlt_global(frame, "Main.Point")).
 * new: bits types (their values are plain bytes, as of numbers and of structs of them) get zero bytes; of other types,
 * the elements are `nothing` where the type has that (Any, Union{Nothing, T}), else `missing` where it has that, else
 * undefined until they are set.
 * copy and wrap: bits types only, where element_size is what an element has in C (sizeof). A type that is not one, or
 * whose elements have another size in Julia's arrays, is JLT_TYPE_MISMATCH, naming both sizes. */
JLT_API jlt_value *jlt_array_new_of(jlt_frame *frame, jlt_value *type, size_t ndims, const size_t *dims);
JLT_API jlt_value *jlt_array_copy_of(jlt_frame *frame, jlt_value *type, size_t element_size, const void *data,
                                     size_t ndims, const size_t *dims);
JLT_API jlt_value *jlt_array_wrap_of(jlt_frame *frame, jlt_value *type, size_t element_size, void *data, size_t ndims,
                                     const size_t *dims);
JLT_API jlt_value *jlt_array_wrap_owned_of(jlt_frame *frame, jlt_value *type, size_t element_size, void *data,
                                           size_t ndims, const size_t *dims, void (*release)(void *argument),
                                           void *argument);

/* The number of elements; the number of dimensions, whose sizes are stored in the first `room` of dims (1 beyond the
 * last). Of any array in Julia; JLT_TYPE_MISMATCH and 0 for another value. dims may be NULL if room is 0. */
JLT_API size_t jlt_array_length(jlt_frame *frame, jlt_value *array);
JLT_API size_t jlt_array_shape(jlt_frame *frame, jlt_value *array, size_t room, size_t *dims);

/* An element as a value, of any array in Julia, be its elements references or bits. index counts from 1 in
 * column-major order, as in Julia. get roots the element in the frame. set stores the value itself, not converted: it
 * must be an instance of the element type, else JLT_TYPE_MISMATCH, naming both. JLT_INVALID_ARGUMENT for an index below
 * 1 or above the length, naming both; JLT_NOT_FOUND for an element that is undefined. */
JLT_API jlt_value *jlt_array_get(jlt_frame *frame, jlt_value *array, size_t index);
JLT_API bool jlt_array_set(jlt_frame *frame, jlt_value *array, size_t index, jlt_value *value);

/* Longer and shorter vectors (Vector, that is Array{T, 1}; others are JLT_TYPE_MISMATCH). True on success. Views of the
 * vector are good no more then. Memory that was wrapped cannot be resized, nor, up to Julia 1.10, a vector that was
 * reshaped: JLT_INVALID_ARGUMENT.
 * push: adds one element, the one that value points to. append: `count` elements; data may be NULL if that is 0, and
 * may be the vector's own. They need not be aligned. push_value: adds a value, as jlt_array_set stores it.
 * resize: the new length, in elements; new ones are as in jlt_array_new_of. */
JLT_API bool jlt_array_push(jlt_frame *frame, jlt_value *vector, jlt_element element, const void *value);
JLT_API bool jlt_array_push_value(jlt_frame *frame, jlt_value *vector, jlt_value *value);
JLT_API bool jlt_array_append(jlt_frame *frame, jlt_value *vector, jlt_element element, const void *data, size_t count);
JLT_API bool jlt_array_append_of(jlt_frame *frame, jlt_value *vector, jlt_value *type, size_t element_size,
                                 const void *data, size_t count);
JLT_API bool jlt_array_resize(jlt_frame *frame, jlt_value *vector, size_t length);

/* The same elements, in the same memory, in another shape. JLT_TYPE_MISMATCH for a shape that has not as many, naming
 * both. */
JLT_API jlt_value *jlt_array_reshape(jlt_frame *frame, jlt_value *array, size_t ndims, const size_t *dims);

enum { JLT_VIEW_DIMS = 8 };

/* Where an array's elements are: good as long as the array is rooted and not resized. */
typedef struct jlt_view {
    void *data;                       /* the first element */
    size_t length;                    /* the number of elements */
    size_t element_size;              /* bytes */
    size_t ndims;                     /* may exceed JLT_VIEW_DIMS; dims has the first ones then */
    size_t dims[JLT_VIEW_DIMS];       /* column-major; unused ones are 1 */
    ptrdiff_t strides[JLT_VIEW_DIMS]; /* from an element to the next in that dimension, in elements; may be negative.
                                         Unused ones: as if that dimension had more than one */
    bool contiguous;                  /* the elements are data[0] to data[length - 1], in column-major order */
} jlt_view;

/* Fills *view with where the elements of an array are, which must be of that element type (view_of: of that bits type,
 * of element_size bytes in C). The array: an Array; a view of one (SubArray) by numbers and ranges; what reshape,
 * reinterpret and PermutedDimsArray make of these where the elements stay at regular distances; Julia's Memory. False,
 * with JLT_TYPE_MISMATCH that names the type wanted and the array's, for all else: ranges, a BitArray (its elements are
 * bits), an adjoint. view is left untouched then.
 * The strided ones take all of these; the others want the elements to be contiguous, so that strides need not be looked
 * at. */
static inline bool jlt_array_view(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view);
static inline bool jlt_array_view_of(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                     jlt_view *view);
static inline bool jlt_array_view_strided(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view);
static inline bool jlt_array_view_strided_of(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                             jlt_view *view);

/* The element at an index of `count` numbers (at most JLT_VIEW_DIMS), each from 0. Not checked against dims. */
static inline void *jlt_view_element(const jlt_view *view, const size_t *index, size_t count)
{
    ptrdiff_t at = 0;
    for (size_t i = 0; i < count; i++)
        at += (ptrdiff_t)index[i] * view->strides[i];
    return (char *)view->data + at * (ptrdiff_t)view->element_size;
}

/* The same as an lvalue of a C type: jlt_at(&view, double, i, j) = 1. */
#ifdef __cplusplus
} /* a template has no C linkage */
template <typename... Index> inline void *jlt_view_element_at(const jlt_view *view, Index... index)
{
    const size_t list[] = {static_cast<size_t>(index)...};
    return jlt_view_element(view, list, sizeof...(index));
}
extern "C" {
#define jlt_at(view, type, ...) (*static_cast<type *>(jlt_view_element_at((view), __VA_ARGS__)))
#else
#define jlt_at(view, type, ...)                                                                                        \
    (*(type *)jlt_view_element((view), (const size_t[]){__VA_ARGS__},                                                  \
                               sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t)))
#endif

/* Beneath the inline functions: they take the size of the struct as its caller knows it, so that it can grow without
 * breaking programs built against an older header. */
JLT_API bool jlt_array_view_sized(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view,
                                  size_t view_size);
JLT_API bool jlt_array_view_of_sized(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                     jlt_view *view, size_t view_size);
JLT_API bool jlt_array_view_strided_sized(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view,
                                          size_t view_size);
JLT_API bool jlt_array_view_strided_of_sized(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                             jlt_view *view, size_t view_size);

static inline bool jlt_array_view(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view)
{
    return jlt_array_view_sized(frame, array, element, view, sizeof(jlt_view));
}

static inline bool jlt_array_view_of(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                     jlt_view *view)
{
    return jlt_array_view_of_sized(frame, array, type, element_size, view, sizeof(jlt_view));
}

static inline bool jlt_array_view_strided(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view)
{
    return jlt_array_view_strided_sized(frame, array, element, view, sizeof(jlt_view));
}

static inline bool jlt_array_view_strided_of(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                             jlt_view *view)
{
    return jlt_array_view_strided_of_sized(frame, array, type, element_size, view, sizeof(jlt_view));
}

JLT_END_DECLARATIONS

#endif
