/* SPDX-License-Identifier: MIT
 *
 * Calling Julia from a body. Exceptions never leave these functions; they come back as a Failure. */
#ifndef JLT_JULIA_CALLS_H
#define JLT_JULIA_CALLS_H

#include "base/error.h"
#include "julia/engine.h"

/* What belongs to the body that runs on this thread. */
struct body {
    struct fiber *fiber;
    struct error *error;
};

/* Around whatever may let another fiber run on this thread. */
static inline struct body leave_body(void)
{
    return (struct body){current_fiber, error_detach()};
}

static inline void back_in_body(struct body body)
{
    current_fiber = body.fiber;
    error_attach(body.error);
    if (body.fiber)
        julia_leave_loop(body.fiber->worker);
}

/* What came of a call. The value, or the Failure, is not rooted yet. */
struct outcome {
    jlt_value *value;
    bool failed;
};

/* arguments[0] is the function; count includes it. All are rooted by the caller. */
struct outcome julia_call(jlt_value *const *arguments, size_t count);
struct outcome julia_eval(const char *code);
struct outcome julia_global(const char *path); /* globals.c */

/* The same without memory of earlier calls; *remember is set as bootstrap.jl says, if it is found. */
enum remember { REMEMBER_NOT, REMEMBER_VALUE, REMEMBER_NAME };
struct outcome julia_find_global(const char *path, int *remember);

/* A String; unlike Julia's own C function this one does not throw when there is no memory for it. */
struct outcome julia_new_string(const char *bytes, size_t length);

/* data NULL: zeroed. copied: else the array is over data itself. */
struct outcome julia_make_array(jlt_element element, const void *data, bool copied, size_t ndims, const size_t *dims);
/* Fills the first words of *view: data, length, element_size, ndims, max_dims dims. */
struct outcome julia_view_array(jlt_value *array, jlt_element element, size_t *view, size_t max_dims);

/* A Failure as an error, the caller's. Runs the exceptions' showerror, so it may suspend. */
struct error *julia_describe(jlt_value *failure);

#endif
