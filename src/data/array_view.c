/* SPDX-License-Identifier: MIT
 *
 * Arrays seen from C: where their elements are. */
#include "data/array_view.h"

#include <string.h>

static const char julia_text[] = {
#include "array_view.inc"
    , 0};
struct julia_source array_view_source = {julia_text, "jltask:array_view.jl", 0};

JULIA_FUNCTION_ON(array_source, array_view_source, jlt_value *, view_array,
                  (jlt_value * array, int element, jlt_value *type, size_t element_size, int strided,
                   struct view_words *words, size_t max_dims, const char *call, int *failed),
                  "Any, (Any, Cint, Any, Csize_t, Cint, Ptr{Csize_t}, Csize_t, Ptr{UInt8}, Failed)");

_Static_assert(sizeof(struct view_words) == (5 + 2 * JLT_VIEW_DIMS) * sizeof(size_t) &&
                   sizeof(void *) == sizeof(size_t),
               "store_view in array_view.jl fills it word by word");

jlt_view view_from_words(const struct view_words *words)
{
    jlt_view view = {
        .data = (void *)words->data,
        .length = words->length,
        .element_size = words->element_size,
        .ndims = words->ndims,
        .contiguous = words->contiguous != 0,
    };
    for (size_t i = 0; i < JLT_VIEW_DIMS; i++) {
        view.dims[i] = words->dims[i];
        view.strides[i] = (ptrdiff_t)words->strides[i];
    }
    return view;
}

void view_store(jlt_view *view, size_t view_size, const jlt_view *from)
{
    memcpy(view, from, view_size < sizeof *from ? view_size : sizeof *from);
}

static struct outcome look(const char *call, jlt_value *array, const struct element *element, bool strided,
                           struct view_words *words)
{
    RETURN_LATE(view_array, array, element->number, element->type, element->size, strided, words, JLT_VIEW_DIMS, call,
                &failed);
}

static bool take_view(jlt_frame *frame, const char *call, jlt_value *array, const struct element *element, bool strided,
                      jlt_view *view, size_t view_size)
{
    struct view_words words = {0};
    if (!frame_wants_value(frame, array, call, "array") || !frame_wants(frame, view, call, "view") ||
        !array_done(frame, look(call, array, element, strided, &words)))
        return false;
    jlt_view whole = view_from_words(&words);
    view_store(view, view_size, &whole);
    return true;
}

bool jlt_array_view_sized(jlt_frame *frame, jlt_value *array, jlt_element number, jlt_view *view, size_t view_size)
{
    static const char call[] = "jlt_array_view";
    struct element element;
    return frame_enter(frame, call) && element_numbered(frame, call, number, &element) &&
           take_view(frame, call, array, &element, false, view, view_size);
}

bool jlt_array_view_strided_sized(jlt_frame *frame, jlt_value *array, jlt_element number, jlt_view *view,
                                  size_t view_size)
{
    static const char call[] = "jlt_array_view_strided";
    struct element element;
    return frame_enter(frame, call) && element_numbered(frame, call, number, &element) &&
           take_view(frame, call, array, &element, true, view, view_size);
}

bool jlt_array_view_of_sized(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size, jlt_view *view,
                             size_t view_size)
{
    static const char call[] = "jlt_array_view_of";
    struct element element;
    return frame_enter(frame, call) && element_of_type(frame, call, type, element_size, &element) &&
           take_view(frame, call, array, &element, false, view, view_size);
}

bool jlt_array_view_strided_of_sized(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                     jlt_view *view, size_t view_size)
{
    static const char call[] = "jlt_array_view_strided_of";
    struct element element;
    return frame_enter(frame, call) && element_of_type(frame, call, type, element_size, &element) &&
           take_view(frame, call, array, &element, true, view, view_size);
}
