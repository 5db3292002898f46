/* SPDX-License-Identifier: MIT
 *
 * Entry points for calls with options, and for what gives them up. */
#include "api/api.h"
#include "base/error.h"
#include "base/sized.h"
#include "core/limit.h"
#include "core/task.h"

#include <string.h>

bool api_take_options(const char *call, const jlt_call_options *options, size_t size, struct call_options *taken)
{
    jlt_call_options known = {.timeout_ns = 0};
    if (!sized_take(&known, sizeof known, options, size)) {
        error_fail(JLT_INVALID_ARGUMENT, "%s: options has members that this version of jltask does not have", call);
        return false;
    }
    taken->deadline = limit_deadline(known.timeout_ns);
    taken->dont_wait = known.dont_wait;
    taken->canceller = known.canceller ? handle_target(known.canceller, HANDLE_CANCELLER, call) : NULL;
    taken->queue = known.queue ? handle_target(known.queue, HANDLE_QUEUE, call) : NULL;
    taken->user = known.user;
    return true;
}

/* Of a call that waits for its reply itself. */
static bool take_options_of_invoke(const char *call, const jlt_call_options *options, size_t size,
                                   struct call_options *taken)
{
    if (!api_take_options(call, options, size, taken))
        return false;
    if (taken->queue)
        error_fail(JLT_INVALID_ARGUMENT, "%s: options has a queue, but the call waits for its reply itself", call);
    return !taken->queue;
}

static jlt_status dispatch(struct runtime *runtime, const struct type *type, const void *input,
                           const struct call_options *options, jlt_receiver **receiver)
{
    if (!type)
        return error_last()->status;
    return runtime_dispatch_with(runtime, type, input, options, (struct message **)receiver);
}

jlt_status jlt_task_dispatch_with_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                        const void *input, const jlt_call_options *options, size_t options_size,
                                        jlt_receiver **receiver)
{
    struct call_options taken;
    if (api_refuses(runtime, "jlt_task_dispatch_with", "runtime") ||
        !api_take_options("jlt_task_dispatch_with", options, options_size, &taken))
        return error_last()->status;
    return dispatch(runtime_of(runtime), once_type(type, type_size, __func__), input, &taken, receiver);
}

jlt_status jlt_task_invoke_with_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                      const void *input, const jlt_call_options *options, size_t options_size,
                                      void *output)
{
    struct call_options taken;
    if (api_refuses(runtime, "jlt_task_invoke_with", "runtime") ||
        !take_options_of_invoke("jlt_task_invoke_with", options, options_size, &taken))
        return error_last()->status;
    const struct type *known = once_type(type, type_size, __func__);
    return known ? runtime_invoke_with(runtime_of(runtime), known, input, &taken, output) : error_last()->status;
}

jlt_status jlt_persistent_dispatch_with_sized(jlt_runtime *runtime, const jlt_persistent_type *type, size_t type_size,
                                              const void *config, const jlt_call_options *options, size_t options_size,
                                              jlt_receiver **receiver)
{
    struct call_options taken;
    if (api_refuses(runtime, "jlt_persistent_dispatch_with", "runtime") ||
        !api_take_options("jlt_persistent_dispatch_with", options, options_size, &taken))
        return error_last()->status;
    return dispatch(runtime_of(runtime), persistent_type(type, type_size, __func__), config, &taken, receiver);
}

jlt_status jlt_persistent_call_with_sized(jlt_persistent *task, const void *input, const jlt_call_options *options,
                                          size_t options_size, jlt_receiver **receiver)
{
    struct call_options taken;
    if (api_refuses(task, "jlt_persistent_call_with", "task") ||
        !api_take_options("jlt_persistent_call_with", options, options_size, &taken))
        return error_last()->status;
    return runtime_call_with(task_of(task), input, &taken, (struct message **)receiver);
}

jlt_status jlt_persistent_invoke_with_sized(jlt_persistent *task, const void *input, const jlt_call_options *options,
                                            size_t options_size, void *output)
{
    struct call_options taken;
    if (api_refuses(task, "jlt_persistent_invoke_with", "task") ||
        !take_options_of_invoke("jlt_persistent_invoke_with", options, options_size, &taken))
        return error_last()->status;
    return runtime_invoke_task_with(task_of(task), input, &taken, output);
}

/* ---- giving up ---- */

jlt_status jlt_canceller_new(jlt_canceller **canceller)
{
    if (api_refuses(canceller, __func__, "canceller"))
        return error_last()->status;
    struct canceller *made = canceller_new();
    if (!made)
        return error_report(error_constant(JLT_NO_MEMORY));
    *canceller = handle_new(HANDLE_CANCELLER, made);
    return error_none();
}

jlt_status jlt_canceller_cancel(jlt_canceller *canceller)
{
    if (api_refuses(canceller, __func__, "canceller"))
        return error_last()->status;
    canceller_cancel(canceller_of(canceller));
    return error_none();
}

void jlt_canceller_drop(jlt_canceller *canceller)
{
    if (canceller && !fork_is_child())
        canceller_drop(handle_end(canceller, HANDLE_CANCELLER, __func__));
}
