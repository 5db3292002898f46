/* SPDX-License-Identifier: MIT
 *
 * Where an array's elements are, as array_view.jl tells it. */
#ifndef JLT_DATA_ARRAY_VIEW_H
#define JLT_DATA_ARRAY_VIEW_H

#include "data/array.h"

/* array_view.jl, which builds on array_source. */
extern struct julia_source array_view_source;

/* Filled word by word. */
struct view_words {
    size_t data, length, element_size, ndims, contiguous, dims[JLT_VIEW_DIMS], strides[JLT_VIEW_DIMS];
};

jlt_view view_from_words(const struct view_words *words);

/* For a program that knows a jlt_view of another size. */
void view_store(jlt_view *view, size_t view_size, const jlt_view *from);

#endif
