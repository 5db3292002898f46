/* SPDX-License-Identifier: MIT
 *
 * What the files on arrays have in common. */
#ifndef JLT_DATA_ARRAY_H
#define JLT_DATA_ARRAY_H

#include "data/frame.h"
#include "julia/bootstrap.h"

/* array.jl, which the other files' Julia code builds on. */
extern struct julia_source array_source;

/* The type of an array's elements, as array.jl's element_type takes it: a jlt_element, or a Julia type together with
 * the size that C gives to its elements. */
struct element {
    int number; /* -1: it is the type */
    jlt_value *type;
    size_t size;
};

/* False, and the frame fails: number is not an element type; type is NULL; size is 0. */
bool element_numbered(jlt_frame *frame, const char *call, jlt_element number, struct element *element);
bool element_of_type(jlt_frame *frame, const char *call, jlt_value *type, size_t size, struct element *element);

/* Whether an array may have that shape; if not, the frame fails. *bytes (may be NULL): what its elements take. */
bool array_check_shape(jlt_frame *frame, const char *call, size_t element_size, size_t ndims, const size_t *dims,
                       size_t *bytes);

/* For an outcome whose value is of no use: false, and the frame fails, if there is a Failure in it. */
bool array_done(jlt_frame *frame, struct outcome outcome);

#endif
