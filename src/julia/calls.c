/* SPDX-License-Identifier: MIT
 *
 * Whatever a call does, it may suspend this fiber and let others run on this thread. So each call takes what belongs to
 * the body off the thread before it and puts it back after: which fiber runs, and the error of its last call. */
#include "julia/calls.h"

#include "core/engine.h"
#include "julia/bootstrap.h"

_Static_assert(JLT_EXCEPTION == 1 && JLT_TYPE_MISMATCH == 3 && JLT_NOT_FOUND == 4 && JLT_NO_MEMORY == 10 &&
                   JLT_INVALID_ARGUMENT == 11,
               "bootstrap.jl and calls.jl have these numbers");

static const char julia_text[] = {
#include "calls.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:calls.jl", 0};

JULIA_FUNCTION(source, jlt_value *, eval_code, (const char *code, int *failed), "Any, (Ptr{UInt8}, Failed)");
typedef void describe_sink(void *context, int status, const char *message, size_t message_length, const char *type,
                           size_t type_length, const char *trace, size_t trace_length);
JULIA_FUNCTION(source, void, describe, (jlt_value * failure, describe_sink *sink, void *context),
               "Cvoid, (Any, Ptr{Cvoid}, Ptr{Cvoid})");

struct outcome julia_call(jlt_value *const *arguments, size_t count)
{
    RETURN_OUTCOME(bootstrap.call(arguments, count, &failed));
}

struct outcome julia_eval(const char *code)
{
    RETURN_LATE(eval_code, code, &failed);
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
    struct error *error = NULL, *none = NULL;
    describe_function *function = LATE(describe, &none);
    if (function)
        function(failure, make_error, &error);
    error_free(none);
    back_in_body(body);
    return error ? error : error_constant(JLT_EXCEPTION);
}

struct error *julia_failure(struct outcome outcome)
{
    return outcome.error ? outcome.error : julia_describe(outcome.value);
}
