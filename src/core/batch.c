/* SPDX-License-Identifier: MIT
 *
 * Many messages at once. Those that follow each other and are for one task are made first, each with its place at the
 * gate, and then pushed in one step; so their task is woken once, and takes them in one turn. Tasks are handed over one
 * after the other: the first wakes who sleeps. Where a place is to be waited for, what was made is pushed first, since
 * places become free only when messages are taken.
 *
 * What a push refuses was not sent: all of that push, and it is undone. */
#include "core/message.h"
#include "core/queue.h"
#include "core/send.h"
#include "core/task.h"

enum { pushed_at_most = 64 };

struct batch {
    struct task *task;
    struct call_options options;
    const jlt_message *entries[pushed_at_most]; /* the caller's; may be shorter than ours, but have these members */
    struct message *messages[pushed_at_most];
    unsigned count;
};

static void undo(struct batch *batch, jlt_status status)
{
    for (unsigned i = 0; i < batch->count; i++)
        send_undo(batch->task, batch->messages[i], &batch->options, status);
    batch->count = 0;
}

/* As send.c does with one. */
static jlt_status push_queued(struct batch *batch, struct message *last)
{
    struct queue *queue = batch->options.queue;
    bool open = queue_open(queue);
    for (unsigned i = 0; open && i < batch->count; i++)
        queue_enter(queue, batch->messages[i], batch->entries[i]->user);
    jlt_status status = task_send_many(batch->task, batch->messages[0], last);
    for (unsigned i = 0; i < batch->count; i++)
        if (open && status != JLT_OK)
            queue_leave(queue, batch->messages[i]);
        else if (status == JLT_OK && batch->entries[i]->receiver)
            *(struct message **)batch->entries[i]->receiver = batch->messages[i];
    if (open)
        queue_shut(queue);
    for (unsigned i = 0; !open && status == JLT_OK && i < batch->count; i++) {
        message_drop(batch->messages[i]);
        queue_let_go(queue);
    }
    return status;
}

/* The messages may be gone when they are pushed, but for those that have receivers, which are the sender's until they
 * are in a queue. */
static void give_receivers(struct batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++) {
        if (batch->entries[i]->receiver)
            *(struct message **)batch->entries[i]->receiver = batch->messages[i];
        if (batch->options.queue)
            queue_attach(batch->options.queue, message_queued(batch->messages[i]), batch->messages[i],
                         batch->entries[i]->user);
    }
}

static jlt_status push(struct batch *batch, size_t *sent)
{
    struct message *last = NULL;
    if (!batch->count)
        return JLT_OK;
    for (unsigned i = 0; i < batch->count; i++) {
        batch->messages[i]->item.node.next = last ? &last->item.node : NULL;
        atomic_store_explicit(&batch->messages[i]->item.node.hint, NULL,
                              memory_order_relaxed); /* pushing publishes it */
        last = batch->messages[i];
    }
    bool queued = call_enters_queue(&batch->options);
    jlt_status status = queued ? push_queued(batch, last) : task_send_many(batch->task, batch->messages[0], last);
    if (status != JLT_OK) {
        undo(batch, status);
        return status;
    }
    *sent += batch->count;
    if (!queued)
        give_receivers(batch);
    batch->count = 0;
    return JLT_OK;
}

/* Makes one more, which is not pushed yet. */
static jlt_status add(struct batch *batch, const jlt_message *entry, size_t *sent)
{
    bool tries = batch->options.dont_wait;
    struct call_options now = batch->options;
    struct message **made = &batch->messages[batch->count];
    now.dont_wait = true;
    jlt_status status = send_prepare(batch->task, entry->input, &now, entry->receiver != NULL, made);
    if (status == JLT_FULL && !tries) {
        status = push(batch, sent);
        made = &batch->messages[0];
        if (status == JLT_OK)
            status = send_prepare(batch->task, entry->input, &batch->options, entry->receiver != NULL, made);
    }
    if (status == JLT_OK)
        batch->entries[batch->count++] = entry;
    return status;
}

jlt_status runtime_call_many(const void *entries, size_t size, size_t count, const struct call_options *options,
                             struct task *(*task_of)(const jlt_persistent *handle), size_t *sent)
{
    struct batch batch = {.options = *options};
    jlt_status status = JLT_OK;
    for (size_t i = 0; i < count && status == JLT_OK; i++) {
        const jlt_message *entry = (const jlt_message *)((const unsigned char *)entries + i * size);
        struct task *task = entry->task ? task_of(entry->task) : NULL;
        if (!task) {
            status = error_fail(JLT_INVALID_ARGUMENT, "jlt_persistent_call_many: task is NULL in message %zu", i);
            break;
        }
        if (task != batch.task || batch.count == pushed_at_most)
            status = push(&batch, sent);
        batch.task = task;
        if (status == JLT_OK)
            status = add(&batch, entry, sent);
    }
    struct error *first = status == JLT_OK ? NULL : error_detach();
    jlt_status last = push(&batch, sent);
    if (!first)
        return last == JLT_OK ? error_none() : last;
    error_attach(first);
    return status;
}
