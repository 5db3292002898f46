/* SPDX-License-Identifier: MIT
 *
 * Entry points for tasks, messages and receivers. */
#include "api/api.h"
#include "base/error.h"
#include "core/message.h"
#include "core/task.h"

/* ---- one-shot and persistent tasks ---- */

static jlt_status dispatch(struct runtime *runtime, const struct type *type, const void *input, enum sending sending,
                           jlt_receiver **receiver)
{
    if (!type)
        return error_last()->status;
    return runtime_dispatch(runtime, type, input, sending, (struct message **)receiver);
}

static jlt_status invoke(struct runtime *runtime, const struct type *type, const void *input, void *output)
{
    if (!type)
        return error_last()->status;
    return runtime_invoke(runtime, type, input, output);
}

/* A start's output, which core has made a pointer to the task, becomes a handle. */
static void hand_over(void *output)
{
    struct task **task = output;
    if (quarantine_enabled)
        *(void **)output = handle_new(HANDLE_TASK, *task);
}

jlt_status jlt_task_dispatch_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size, const void *input,
                                   jlt_receiver **receiver)
{
    if (api_refuses(runtime, "jlt_task_dispatch", "runtime"))
        return error_last()->status;
    return dispatch(runtime_of(runtime), once_type(type, type_size, __func__), input, SEND_WAIT, receiver);
}

jlt_status jlt_task_try_dispatch_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                       const void *input, jlt_receiver **receiver)
{
    if (api_refuses(runtime, "jlt_task_try_dispatch", "runtime"))
        return error_last()->status;
    return dispatch(runtime_of(runtime), once_type(type, type_size, __func__), input, SEND_TRY, receiver);
}

jlt_status jlt_task_invoke_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size, const void *input,
                                 void *output)
{
    if (api_refuses(runtime, "jlt_task_invoke", "runtime"))
        return error_last()->status;
    return invoke(runtime_of(runtime), once_type(type, type_size, __func__), input, output);
}

jlt_status jlt_persistent_dispatch_sized(jlt_runtime *runtime, const jlt_persistent_type *type, size_t type_size,
                                         const void *config, jlt_receiver **receiver)
{
    if (api_refuses(runtime, "jlt_persistent_dispatch", "runtime"))
        return error_last()->status;
    return dispatch(runtime_of(runtime), persistent_type(type, type_size, __func__), config, SEND_WAIT, receiver);
}

jlt_status jlt_persistent_try_dispatch_sized(jlt_runtime *runtime, const jlt_persistent_type *type, size_t type_size,
                                             const void *config, jlt_receiver **receiver)
{
    if (api_refuses(runtime, "jlt_persistent_try_dispatch", "runtime"))
        return error_last()->status;
    return dispatch(runtime_of(runtime), persistent_type(type, type_size, __func__), config, SEND_TRY, receiver);
}

jlt_status jlt_persistent_spawn_sized(jlt_runtime *runtime, const jlt_persistent_type *type, size_t type_size,
                                      const void *config, jlt_persistent **task)
{
    if (api_refuses(runtime, "jlt_persistent_spawn", "runtime") || api_refuses(task, "jlt_persistent_spawn", "task"))
        return error_last()->status;
    jlt_status status = invoke(runtime_of(runtime), persistent_type(type, type_size, __func__), config, task);
    if (status == JLT_OK)
        hand_over(task);
    return status;
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
    return task && !fork_is_child() ? handle_new(HANDLE_TASK, task_clone(task_of(task))) : task;
}

void jlt_persistent_drop(jlt_persistent *task)
{
    if (task && !fork_is_child())
        task_drop(handle_end(task, HANDLE_TASK, __func__));
}

/* ---- receivers ---- */

/* With JLT_CHECKS a receiver's life (quarantine.h) says whether it is there, and whether a call uses it just now. */
static void claim(jlt_receiver *receiver, const char *call)
{
    if (!quarantine_enabled)
        return;
    uint32_t life = quarantine_change(&message_of(receiver)->item.life, LIFE_ALIVE, LIFE_IN_USE);
    if (life != LIFE_ALIVE)
        checks_abort(call, life == LIFE_IN_USE ? "the receiver is being used by another thread"
                                               : "the receiver was received or dropped before");
}

/* The message may be freed by now, or any time: then its life has ended, and stays so. One that was received or dropped
 * before its worker was through is there still, but has no receiver. */
static void unclaim(jlt_receiver *receiver)
{
    if (!quarantine_enabled)
        return;
    struct message *message = message_of(receiver);
    uintptr_t state = atomic_load(&message->state);
    bool ended = state == MESSAGE_ABANDONED || state == MESSAGE_FORSAKEN;
    quarantine_change(&message->item.life, LIFE_IN_USE, ended ? LIFE_ENDED : LIFE_ALIVE);
}

static jlt_status receive_claimed(struct message *message, int64_t timeout_ns, void *output, const char *call)
{
    if (!output && message->item.kind == ITEM_START)
        return error_fail(JLT_INVALID_ARGUMENT, "%s: output is NULL, but the reply is a handle", call);
    bool becomes_handle = quarantine_enabled && message->item.kind == ITEM_START;
    jlt_status status = message_receive(message, timeout_ns, output);
    if (becomes_handle && status == JLT_OK)
        hand_over(output);
    return status;
}

static jlt_status receive(jlt_receiver *receiver, int64_t timeout_ns, void *output, const char *call)
{
    if (api_refuses(receiver, call, "receiver"))
        return error_last()->status;
    claim(receiver, call);
    jlt_status status = receive_claimed(message_of(receiver), timeout_ns, output, call);
    unclaim(receiver);
    return status;
}

jlt_status jlt_receiver_recv(jlt_receiver *receiver, void *output)
{
    return receive(receiver, -1, output, __func__);
}

jlt_status jlt_receiver_recv_timeout(jlt_receiver *receiver, int64_t timeout_ns, void *output)
{
    return receive(receiver, timeout_ns, output, __func__);
}

static bool is_pending(jlt_receiver *receiver, const char *call)
{
    claim(receiver, call);
    bool pending = !message_is_done(message_of(receiver)) && !message_is_in_queue(message_of(receiver));
    unclaim(receiver);
    return pending;
}

jlt_status jlt_receiver_try_recv(jlt_receiver *receiver, void *output)
{
    if (receiver && !fork_is_child() && is_pending(receiver, __func__))
        return error_report(error_constant(JLT_PENDING));
    return receive(receiver, 0, output, __func__);
}

void jlt_receiver_drop(jlt_receiver *receiver)
{
    if (!receiver || fork_is_child())
        return;
    claim(receiver, __func__);
    message_drop(message_of(receiver));
    unclaim(receiver);
}

jlt_status jlt_receiver_cancel(jlt_receiver *receiver)
{
    if (api_refuses(receiver, __func__, "receiver"))
        return error_last()->status;
    claim(receiver, __func__);
    message_give_up(message_of(receiver), MESSAGE_CANCELLED);
    unclaim(receiver);
    return error_none();
}
