/* SPDX-License-Identifier: MIT
 *
 * Entry points for tasks, messages and receivers. */
#include "api/api.h"
#include "base/error.h"
#include "core/message.h"
#include "core/task.h"
#include "data/body.h"

/* ---- one-shot and persistent tasks ---- */

static jlt_status dispatch(jlt_runtime *runtime, const struct type *type, const void *input, enum sending sending,
                           jlt_receiver **receiver)
{
    if (!type)
        return error_last()->status;
    return runtime_dispatch(runtime_of(runtime), type, input, sending, (struct message **)receiver);
}

static jlt_status invoke(jlt_runtime *runtime, const struct type *type, const void *input, void *output)
{
    if (!type)
        return error_last()->status;
    return runtime_invoke(runtime_of(runtime), type, input, output);
}

jlt_status jlt_task_dispatch_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size, const void *input,
                                   jlt_receiver **receiver)
{
    if (api_refuses(runtime, "jlt_task_dispatch", "runtime"))
        return error_last()->status;
    return dispatch(runtime, type_of_task(type, type_size), input, SEND_WAIT, receiver);
}

jlt_status jlt_task_try_dispatch_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                       const void *input, jlt_receiver **receiver)
{
    if (api_refuses(runtime, "jlt_task_try_dispatch", "runtime"))
        return error_last()->status;
    return dispatch(runtime, type_of_task(type, type_size), input, SEND_TRY, receiver);
}

jlt_status jlt_task_invoke_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size, const void *input,
                                 void *output)
{
    if (api_refuses(runtime, "jlt_task_invoke", "runtime"))
        return error_last()->status;
    return invoke(runtime, type_of_task(type, type_size), input, output);
}

jlt_status jlt_persistent_dispatch_sized(jlt_runtime *runtime, const jlt_persistent_type *type, size_t type_size,
                                         const void *config, jlt_receiver **receiver)
{
    if (api_refuses(runtime, "jlt_persistent_dispatch", "runtime"))
        return error_last()->status;
    return dispatch(runtime, type_of_persistent(type, type_size, &julia_bodies), config, SEND_WAIT, receiver);
}

jlt_status jlt_persistent_try_dispatch_sized(jlt_runtime *runtime, const jlt_persistent_type *type, size_t type_size,
                                             const void *config, jlt_receiver **receiver)
{
    if (api_refuses(runtime, "jlt_persistent_try_dispatch", "runtime"))
        return error_last()->status;
    return dispatch(runtime, type_of_persistent(type, type_size, &julia_bodies), config, SEND_TRY, receiver);
}

jlt_status jlt_persistent_spawn_sized(jlt_runtime *runtime, const jlt_persistent_type *type, size_t type_size,
                                      const void *config, jlt_persistent **task)
{
    if (api_refuses(runtime, "jlt_persistent_spawn", "runtime") || api_refuses(task, "jlt_persistent_spawn", "task"))
        return error_last()->status;
    return invoke(runtime, type_of_persistent(type, type_size, &julia_bodies), config, task);
}

jlt_status jlt_persistent_call(jlt_persistent *task, const void *input, jlt_receiver **receiver)
{
    if (api_refuses(task, __func__, "task"))
        return error_last()->status;
    return runtime_call(task_of(task), input, SEND_WAIT, (struct message **)receiver);
}

jlt_status jlt_persistent_try_call(jlt_persistent *task, const void *input, jlt_receiver **receiver)
{
    if (api_refuses(task, __func__, "task"))
        return error_last()->status;
    return runtime_call(task_of(task), input, SEND_TRY, (struct message **)receiver);
}

jlt_status jlt_persistent_invoke(jlt_persistent *task, const void *input, void *output)
{
    if (api_refuses(task, __func__, "task"))
        return error_last()->status;
    return runtime_invoke_task(task_of(task), input, output);
}

jlt_persistent *jlt_persistent_clone(jlt_persistent *task)
{
    return task && !fork_is_child() ? (jlt_persistent *)task_clone(task_of(task)) : task;
}

void jlt_persistent_drop(jlt_persistent *task)
{
    if (task && !fork_is_child())
        task_drop(task_of(task));
}

/* ---- receivers ---- */

static jlt_status receive(jlt_receiver *receiver, int64_t timeout_ns, void *output, const char *call)
{
    if (api_refuses(receiver, call, "receiver"))
        return error_last()->status;
    if (!output && message_of(receiver)->item.kind == ITEM_START)
        return error_fail(JLT_INVALID_ARGUMENT, "%s: output is NULL, but the reply is a handle", call);
    return message_receive(message_of(receiver), timeout_ns, output);
}

jlt_status jlt_receiver_recv(jlt_receiver *receiver, void *output)
{
    return receive(receiver, -1, output, __func__);
}

jlt_status jlt_receiver_recv_timeout(jlt_receiver *receiver, int64_t timeout_ns, void *output)
{
    return receive(receiver, timeout_ns, output, __func__);
}

jlt_status jlt_receiver_try_recv(jlt_receiver *receiver, void *output)
{
    if (receiver && !fork_is_child() && !message_is_done(message_of(receiver)))
        return error_report(error_constant(JLT_PENDING));
    return receive(receiver, 0, output, __func__);
}

void jlt_receiver_drop(jlt_receiver *receiver)
{
    if (receiver && !fork_is_child())
        message_drop(message_of(receiver));
}
