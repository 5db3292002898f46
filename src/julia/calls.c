/* SPDX-License-Identifier: MIT
 *
 * Whatever a call does, it may suspend this fiber and let others run on this thread. So each call takes what belongs to
 * the body off the thread before it and puts it back after: which fiber runs, and the error of its last call. */
#include "julia/calls.h"

#include "core/engine.h"
#include "julia/bootstrap.h"

_Static_assert(JLT_EXCEPTION == 1 && JLT_TYPE_MISMATCH == 3 && JLT_NOT_FOUND == 4 && JLT_INVALID_ARGUMENT == 11,
               "bootstrap.jl has these numbers");
_Static_assert(JLT_BOOL == 0 && JLT_F64 == 12 && JLT_C64 == 14 && JLT_ELEMENT_COUNT == 15,
               "bootstrap.jl lists the element types in this order");

#define RETURN_OUTCOME(expression)                                                                                     \
    struct body body = leave_body();                                                                                   \
    struct outcome outcome = {.failed = false};                                                                        \
    int failed = 0;                                                                                                    \
    outcome.value = (expression);                                                                                      \
    outcome.failed = failed != 0;                                                                                      \
    back_in_body(body);                                                                                                \
    return outcome

struct outcome julia_call(jlt_value *const *arguments, size_t count)
{
    RETURN_OUTCOME(bootstrap.call(arguments, count, &failed));
}

struct outcome julia_eval(const char *code)
{
    RETURN_OUTCOME(LATE(eval_code)(code, &failed));
}

struct outcome julia_find_global(const char *path, int *remember)
{
    RETURN_OUTCOME(LATE(global_value)(path, remember, &failed));
}

struct outcome julia_new_string(const char *bytes, size_t length)
{
    RETURN_OUTCOME(LATE(new_string)(bytes, length, &failed));
}

struct outcome julia_make_array(jlt_element element, const void *data, bool copied, size_t ndims, const size_t *dims)
{
    RETURN_OUTCOME(LATE(make_array)(element, data, copied, ndims, dims, &failed));
}

struct outcome julia_view_array(jlt_value *array, jlt_element element, size_t *view, size_t max_dims)
{
    RETURN_OUTCOME(LATE(view_array)(array, element, view, max_dims, &failed));
}

static void make_error(void *context, int status, const char *message, size_t message_length, const char *type,
                       size_t type_length, const char *trace, size_t trace_length)
{
    *(struct error **)context = error_new((jlt_status)status, (struct text){message, message_length},
                                          (struct text){type, type_length}, (struct text){trace, trace_length});
}

struct error *julia_describe(jlt_value *failure)
{
    struct body body = leave_body();
    struct error *error = NULL;
    LATE(describe)(failure, make_error, &error);
    back_in_body(body);
    return error ? error : error_constant(JLT_EXCEPTION);
}
