/* SPDX-License-Identifier: MIT
 *
 * Values that outlive their task: made in a body, used on any thread. */
#ifndef JLTASK_HELD_H
#define JLTASK_HELD_H

#include "arrays.h"

JLT_BEGIN_DECLARATIONS

/* A value that stays rooted beyond its frame and task, until it is dropped: the way to hand an array, a string or bytes
 * to the client side without a copy, its pointer being (part of) an output. It has one owner; if the output may be
 * received by nobody, the type's dispose_output should drop it. */
typedef struct jlt_held jlt_held;

/* Holds a value (task body). The caller owns the result; NULL on failure. What a client may ask of it is written down
 * now: while it is held, an array must not be resized (its elements may be written, by whom the program lets). Each
 * collection walks all held values, at some nanoseconds each: for thousands of them hold one vector with all.
 * JLT_NO_MEMORY. */
JLT_API jlt_held *jlt_hold(jlt_frame *frame, jlt_value *value);

/* The value again, rooted in this frame (task body). */
JLT_API jlt_value *jlt_held_get(jlt_frame *frame, const jlt_held *held);

/* Where the elements of a held array are, until it is dropped; the array must be contiguous. view_of: of another bits
 * type, by its name as Julia shows it ("Point", "MyModule.Point"). Any thread, also when Julia has ended; but memory
 * that was wrapped with a release function is released when Julia ends. JLT_TYPE_MISMATCH, naming both, for another
 * element type, its size or another value; JLT_INVALID_ARGUMENT. *view is written on JLT_OK only. */
static inline jlt_status jlt_held_view(const jlt_held *held, jlt_element element, jlt_view *view);
static inline jlt_status jlt_held_view_of(const jlt_held *held, const char *type_name, size_t element_size,
                                          jlt_view *view);

/* The bytes of a held String, which are followed by a NUL, or contiguous array of UInt8, until it is dropped. As
 * jlt_held_view. */
JLT_API jlt_status jlt_held_bytes(const jlt_held *held, const void **data, size_t *length);

/* Lets go of the value: it lives on if Julia uses it still. NULL is ignored. Any thread, any time, also in
 * dispose_output and when Julia has ended. */
JLT_API void jlt_held_drop(jlt_held *held);

/* Beneath the inline functions: they take the size of the struct as its caller knows it, so that it can grow without
 * breaking programs built against an older header. */
JLT_API jlt_status jlt_held_view_sized(const jlt_held *held, jlt_element element, jlt_view *view, size_t view_size);
JLT_API jlt_status jlt_held_view_of_sized(const jlt_held *held, const char *type_name, size_t element_size,
                                          jlt_view *view, size_t view_size);

static inline jlt_status jlt_held_view(const jlt_held *held, jlt_element element, jlt_view *view)
{
    return jlt_held_view_sized(held, element, view, sizeof(jlt_view));
}

static inline jlt_status jlt_held_view_of(const jlt_held *held, const char *type_name, size_t element_size,
                                          jlt_view *view)
{
    return jlt_held_view_of_sized(held, type_name, element_size, view, sizeof(jlt_view));
}

JLT_END_DECLARATIONS

#endif
