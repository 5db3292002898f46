/* SPDX-License-Identifier: MIT
 *
 * Calling Julia from a body. Exceptions never leave these functions; they come back as a Failure. */
#ifndef JLT_JULIA_CALLS_H
#define JLT_JULIA_CALLS_H

#include "base/error.h"
#include "core/body.h"
#include "julia/engine.h"

/* What belongs to the body that runs on this thread. */
struct body {
    struct fiber *fiber;
    struct error *error;
};

/* Around whatever may run code of the user's in Julia, which may let another fiber run on this thread, or call C from
 * any Julia task: so nobody's fiber is the current one meanwhile. */
static inline struct body leave_body(void)
{
    struct body body = {current_fiber, error_detach()};
    current_fiber = NULL;
    return body;
}

static inline void back_in_body(struct body body)
{
    current_fiber = body.fiber;
    error_attach(body.error);
    if (body.fiber) {
        julia_leave_loop(body.fiber->worker);
        body_is_back(body.fiber);
    }
}

/* What came of a call. The value, or the Failure, is not rooted yet. If there was no call, since the late function for
 * it could not be had (bootstrap.h), error says why, and is the receiver's. */
struct outcome {
    jlt_value *value;
    bool failed;
    struct error *error;
};

/* The body of a function that returns what came of an expression, a call of a Julia function that takes &failed. */
#define RETURN_OUTCOME(expression)                                                                                     \
    struct body body = leave_body();                                                                                   \
    struct outcome outcome = {.failed = false};                                                                        \
    int failed = 0;                                                                                                    \
    outcome.value = (expression);                                                                                      \
    outcome.failed = failed != 0;                                                                                      \
    back_in_body(body);                                                                                                \
    return outcome

/* The same for a late function, with the arguments behind its name. */
#define RETURN_LATE(name, ...)                                                                                         \
    struct body body = leave_body();                                                                                   \
    struct outcome outcome = {.failed = false};                                                                        \
    name##_function *function_of_##name = LATE(name, &outcome.error);                                                  \
    int failed = 0;                                                                                                    \
    if (function_of_##name)                                                                                            \
        outcome.value = function_of_##name(__VA_ARGS__);                                                               \
    outcome.failed = failed || !function_of_##name;                                                                    \
    back_in_body(body);                                                                                                \
    return outcome

/* arguments[0] is the function; count includes it. All are rooted by the caller. */
struct outcome julia_call(jlt_value *const *arguments, size_t count);
struct outcome julia_eval(const char *code);
struct outcome julia_global(const char *path); /* globals.c */
/* The same, and *known (NULL at first, shared by any threads) remembers it. */
struct outcome julia_global_known(const char *path, void **known);

/* A Failure as an error, the caller's. Runs the exceptions' showerror, so it may suspend. */
struct error *julia_describe(jlt_value *failure);

/* The error of an outcome that failed, the caller's. */
struct error *julia_failure(struct outcome outcome);

#endif
