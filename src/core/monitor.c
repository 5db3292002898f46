/* SPDX-License-Identifier: MIT
 *
 * A monitor is a message that no body answers: it waits in the task's list of them, and is completed once, by whoever
 * takes it out of there, or finds that it cannot be put in since the task has ended. The step that seals the list
 * publishes how the task has ended.
 *
 * Those whose receivers were dropped are looked for now and then, so that a task that lives long does not collect them:
 * as many are looked at as were set since the last time, or fewer. Meanwhile they are nobody else's; those that are
 * still wanted are put back, or told if the task has ended. */
#include "core/monitor.h"

#include "core/message.h"
#include "core/queue.h"
#include "core/runtime.h"
#include "core/task.h"

#include <stddef.h>
#include <string.h>

enum { few = 8 }; /* that are not worth a look */

_Static_assert(offsetof(jlt_end, reason) == 0 && offsetof(jlt_end, status) == 4 && offsetof(jlt_end, restarts) == 8 &&
                   JLT_END_CLOSED == 3,
               "programs get it as bytes, so that scripts/check-abi does not see it");

static void put(struct monitors *monitors, struct message *message)
{
    static _Thread_local struct inbox_trail pushed;
    if (inbox_push(&monitors->inbox, &message->item.node, &pushed) != INBOX_REFUSED)
        return;
    size_t size = message->type->fields.output_size;
    memcpy(message_output(message), &monitors->end, size < sizeof monitors->end ? size : sizeof monitors->end);
    message_complete(message, NULL);
}

/* All there are, linked by `next`. */
static struct inbox_node *take_all(struct monitors *monitors)
{
    struct inbox_node *head = atomic_load(&monitors->inbox.head);
    while (head && head != INBOX_SEALED)
        if (atomic_compare_exchange_weak(&monitors->inbox.head, &head, NULL))
            return head;
    return NULL;
}

static void forget_dropped(struct monitors *monitors)
{
    unsigned wanted = 0, count = few;
    for (struct inbox_node *node = take_all(monitors), *next; node; node = next) {
        struct message *message = (struct message *)item_of(node);
        next = node->next;
        if (message_is_wanted(message)) {
            put(monitors, message);
            wanted++;
        } else {
            message_complete(message, NULL);
        }
    }
    while (count < wanted)
        count *= 2;
    atomic_store_explicit(&monitors->count, count, memory_order_relaxed);
}

/* relaxed: when exactly is no matter. Counting goes on from a power of two that is not below the real number, so as
 * many more have been set when the next one is reached. */
static bool should_look(struct monitors *monitors)
{
    unsigned count = atomic_fetch_add_explicit(&monitors->count, 1, memory_order_relaxed) + 1;
    return count > few && !(count & (count - 1));
}

static void never(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
}

/* One that has a limit may be answered by that, and is completed all the same. */
static struct message *new_monitor(size_t end_size, const struct call_options *options)
{
    const jlt_task_type monitor = {.name = "monitor", .output_size = end_size, .run = never};
    const struct type *type = type_of_task(&monitor, sizeof monitor);
    bool limited = call_is_limited(options);
    unsigned flags = MESSAGE_BODILESS | (limited ? MESSAGE_LIMITED : 0U) | (options->queue ? MESSAGE_QUEUED : 0U);
    struct message *message = type ? message_new(ITEM_ONCE, flags, type, NULL, true) : NULL;
    if (message && limited && message_limit(message, options->deadline, options->canceller) != JLT_OK) {
        message_discard(message);
        return NULL;
    }
    return message;
}

jlt_status monitor_set_with(struct task *task, size_t end_size, const struct call_options *options,
                            struct message **receiver)
{
    struct message *message = new_monitor(end_size, options);
    if (!message)
        return error_report(error_constant(JLT_NO_MEMORY));
    if (options->queue)
        queue_hold(options->queue);
    put(&task->monitors, message);
    if (should_look(&task->monitors))
        forget_dropped(&task->monitors);
    if (receiver)
        *receiver = message;
    if (options->queue)
        queue_attach(options->queue, message_queued(message), message, options->user);
    return error_none();
}

jlt_status monitor_set(struct task *task, size_t end_size, struct message **receiver)
{
    return monitor_set_with(task, end_size, &(struct call_options){.deadline = limit_never}, receiver);
}

void monitor_tell(struct task *task, jlt_end end)
{
    struct monitors *monitors = &task->monitors;
    monitors->end = end;
    for (struct inbox_node *node = inbox_seal(&monitors->inbox).first, *next; node; node = next) {
        next = node->next;
        put(monitors, (struct message *)item_of(node));
    }
}
