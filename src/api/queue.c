/* SPDX-License-Identifier: MIT
 *
 * Entry points for completion queues, and for what is sent by the many. */
#include "core/queue.h"

#include "api/api.h"
#include "base/error.h"
#include "core/monitor.h"

jlt_status jlt_queue_new(jlt_queue **queue)
{
    if (api_refuses(queue, __func__, "queue"))
        return error_last()->status;
    struct queue *made = NULL;
    jlt_status status = queue_new(&made);
    if (status == JLT_OK)
        *queue = handle_new(HANDLE_QUEUE, made);
    return status;
}

void jlt_queue_drop(jlt_queue *queue)
{
    if (queue && !fork_is_child())
        queue_drop(handle_end(queue, HANDLE_QUEUE, __func__));
}

int jlt_queue_descriptor(jlt_queue *queue)
{
    return api_refuses(queue, __func__, "queue") ? -1 : queue_descriptor(queue_of(queue));
}

jlt_status jlt_queue_take_sized(jlt_queue *queue, int64_t timeout_ns, jlt_completion *completions,
                                size_t completion_size, size_t room, size_t *count)
{
    static const char call[] = "jlt_queue_take";
    if (api_refuses(queue, call, "queue") || api_refuses(completions, call, "completions") ||
        api_refuses(count, call, "count"))
        return error_last()->status;
    if (!room)
        return error_fail(JLT_INVALID_ARGUMENT, "%s: room for none", call);
    return queue_take(handle_target(queue, HANDLE_QUEUE, call), timeout_ns, completions, completion_size, room, count);
}

jlt_status jlt_queue_add(jlt_queue *queue, jlt_receiver *receiver, void *user)
{
    if (api_refuses(queue, __func__, "queue") || api_refuses(receiver, __func__, "receiver"))
        return error_last()->status;
    return queue_add(queue_of(queue), message_of(receiver), user);
}

jlt_status jlt_queue_set_callback(jlt_queue *queue, void (*callback)(void *context, const jlt_completion *completion),
                                  void *context)
{
    if (api_refuses(queue, __func__, "queue"))
        return error_last()->status;
    if (!callback)
        return error_fail(JLT_INVALID_ARGUMENT, "%s: callback is NULL", __func__);
    return queue_set_callback(queue_of(queue), callback, context);
}

jlt_status jlt_persistent_monitor_with_sized(jlt_persistent *task, size_t end_size, const jlt_call_options *options,
                                             size_t options_size, jlt_receiver **receiver)
{
    static const char call[] = "jlt_persistent_monitor_with";
    struct call_options taken;
    if (api_refuses(task, call, "task") || !api_take_options(call, options, options_size, &taken) ||
        (!taken.queue && api_refuses(receiver, call, "receiver")))
        return error_last()->status;
    return monitor_set_with(task_of(task), end_size, &taken, (struct message **)receiver);
}

static struct task *task_of_message(const jlt_persistent *handle)
{
    return handle_target(handle, HANDLE_TASK, "jlt_persistent_call_many");
}

jlt_status jlt_persistent_call_many_sized(const jlt_message *messages, size_t message_size, size_t count,
                                          const jlt_call_options *options, size_t options_size, size_t *sent)
{
    static const char call[] = "jlt_persistent_call_many";
    struct call_options taken;
    size_t unused = 0, *number = sent ? sent : &unused;
    if (api_refuses(messages, call, "messages") || !api_take_options(call, options, options_size, &taken))
        return error_last()->status;
    *number = 0;
    return runtime_call_many(messages, message_size, count, &taken, task_of_message, number);
}
