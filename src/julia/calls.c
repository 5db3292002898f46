/* SPDX-License-Identifier: MIT
 *
 * Whatever a call does, it may suspend this fiber and let others run on this thread; so each call puts current_fiber
 * back when it returns. */
#include "julia/calls.h"

#include "core/engine.h"
#include "julia/bootstrap.h"

#define RETURN_OUTCOME(expression)                                                                           \
    struct fiber *fiber = current_fiber;                                                                     \
    int failed = 0;                                                                                          \
    jlt_value *value = (expression);                                                                         \
    current_fiber = fiber;                                                                                   \
    return (struct outcome){value, failed != 0}

struct outcome julia_call(jlt_value *const *arguments, size_t count)
{
    RETURN_OUTCOME(bootstrap.call(arguments, count, &failed));
}

struct outcome julia_eval(const char *code)
{
    RETURN_OUTCOME(LATE(eval_code)(code, &failed));
}

struct outcome julia_global(const char *path)
{
    RETURN_OUTCOME(LATE(global_value)(path, &failed));
}

struct outcome julia_new_string(const char *bytes, size_t length)
{
    RETURN_OUTCOME(LATE(new_string)(bytes, length, &failed));
}

struct outcome julia_make_array(jlt_element element, const void *data, bool copied, size_t ndims,
                                const size_t *dims)
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
    *(struct error **)context =
        error_new((jlt_status)status, (struct text){message, message_length}, (struct text){type, type_length},
                  (struct text){trace, trace_length});
}

struct error *julia_describe(jlt_value *failure)
{
    struct fiber *fiber = current_fiber;
    struct error *error = NULL;
    LATE(describe)(failure, make_error, &error);
    current_fiber = fiber;
    return error ? error : error_constant(JLT_EXCEPTION);
}
