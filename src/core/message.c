/* SPDX-License-Identifier: MIT
 *
 * Every message is completed exactly once, by the worker that took it out of a mailbox, and freed exactly once: by
 * the receiver if it was there to see DONE, else by the worker. The exchange that sets DONE publishes the reply
 * (output and error), and the one that sees DONE acquires it; both are sequentially consistent. */
#include "core/message.h"

#include "base/checks.h"
#include "core/block.h"
#include "core/engine.h"
#include "core/ring.h"
#include "core/spin.h"
#include "core/task.h"

#include <stdlib.h>
#include <string.h>

static void init(struct message *message, enum item_kind kind, unsigned flags, const struct type *type, bool wanted)
{
    message->item.kind = (uint8_t)kind;
    message->item.flags = (uint8_t)flags;
    message->type = type;
    atomic_init(&message->state, wanted ? MESSAGE_PENDING : MESSAGE_ABANDONED);
    COUNT(messages, 1);
    COUNT(receivers, wanted);
}

/* Fills in what follows the head. */
static void set_payload(struct message *message, const void *input)
{
    size_t input_size = message_input_size(message->item.kind, message->type);
    size_t output_size = message_output_size(message->item.kind, message->type);
    if (input_size)
        memcpy((unsigned char *)message + message_head, input, input_size);
    if (output_size)
        memset(message_output(message), 0, output_size);
}

/* Where a counted message has what its reply waits for: its task, or itself. */
static size_t awaits_at(enum item_kind kind, const struct type *type)
{
    enum { alignment = alignof(const void *) };
    return (message_size(kind, type) + alignment - 1) & ~(size_t)(alignment - 1);
}

static const void **awaits_of(struct message *message)
{
    return (const void **)(void *)((unsigned char *)message + awaits_at(message->item.kind, message->type));
}

static size_t block_size(enum item_kind kind, const struct type *type, unsigned flags)
{
    return flags & MESSAGE_COUNTED ? awaits_at(kind, type) + sizeof(const void *) : message_size(kind, type);
}

struct message *message_new(enum item_kind kind, const struct type *type, const void *input, bool wanted)
{
    unsigned flags = wanted && ring_counts() ? MESSAGE_COUNTED : 0;
    struct message *message = block_new(block_size(kind, type, flags));
    if (!message)
        return NULL;
    init(message, kind, flags, type, wanted);
    set_payload(message, input);
    if (flags)
        *awaits_of(message) = message;
    return message;
}

void message_set_task(struct message *message, const struct task *task)
{
    if (message->item.flags & MESSAGE_COUNTED)
        *awaits_of(message) = task;
}

void message_init_on_stack(struct message *message, enum item_kind kind, const struct type *type, const void *input)
{
    init(message, kind, MESSAGE_ON_STACK, type, true);
    set_payload(message, input);
}

void message_borrow(struct message *message, enum item_kind kind, const struct type *type, const void *input,
                    void *output)
{
    init(message, kind, MESSAGE_ON_STACK | MESSAGE_BORROWS, type, true);
    message->borrowed.input = input;
    message->borrowed.output = output;
}

static void free_message(struct message *message)
{
    COUNT(messages, -1);
    if (!(message->item.flags & MESSAGE_ON_STACK))
        block_free(message, block_size(message->item.kind, message->type, message->item.flags));
}

void message_discard(struct message *message)
{
    COUNT(receivers, atomic_load(&message->state) == MESSAGE_ABANDONED ? 0 : -1);
    free_message(message);
}

/* Nobody will receive the output: whatever it owns is given back. */
static void dispose_output(struct message *message)
{
    if (message->item.kind == ITEM_START)
        task_drop(*(struct task **)message_output(message));
    else if (message->type->fields.dispose_output)
        message->type->fields.dispose_output(message_output(message));
}

static void free_undelivered(struct message *message)
{
    if (message->error)
        error_free(message->error);
    else
        dispose_output(message);
    free_message(message);
}

void message_complete(struct message *message, struct error *error)
{
    message->error = error;
    uintptr_t was = atomic_exchange(&message->state, MESSAGE_DONE);
    if (was == MESSAGE_ABANDONED)
        free_undelivered(message);
    else if (was != MESSAGE_PENDING)
        parker_wake((struct parker *)was);
}

void message_refuse(struct message *message, jlt_status status)
{
    if (message->item.kind != ITEM_START && message->type->fields.dispose_input)
        message->type->fields.dispose_input((void *)(uintptr_t)message_input(message));
    message_complete(message, error_constant(status));
}

bool message_is_done(struct message *message)
{
    return atomic_load(&message->state) == MESSAGE_DONE;
}

static bool is_done(void *message)
{
    return message_is_done(message);
}

/* Waits asleep until the state is DONE. False: the time has passed and the state is PENDING again. */
static bool sleep_until_done(struct message *message, int64_t timeout_ns)
{
    uintptr_t state = MESSAGE_PENDING;
    struct parker parker;
    parker_init(&parker);
    if (!atomic_compare_exchange_strong(&message->state, &state, (uintptr_t)&parker)) { /* DONE */
        parker_drop(&parker);
        return true;
    }
    if (parker_wait(&parker, timeout_ns))
        return true;
    state = (uintptr_t)&parker;
    if (atomic_compare_exchange_strong(&message->state, &state, MESSAGE_PENDING))
        return false;
    parker_wait_late(&parker); /* it was completed just now, and the worker is about to touch the parker */
    return true;
}

static bool await(struct message *message, int64_t timeout_ns)
{
    static _Thread_local struct spinner spinner;
    /* one who has a receiver may have many, and finds several replies at the next look */
    enum spin_pace pace = message->item.flags & MESSAGE_ON_STACK ? SPIN_CLOSE : SPIN_WIDE;
    if (timeout_ns >= 0 || parker_suspends())
        return sleep_until_done(message, timeout_ns);
    if (!spin_until(&spinner, SPIN_CLIENT, pace, is_done, message)) {
        sleep_until_done(message, timeout_ns);
        spin_slept(&spinner);
    }
    return true;
}

jlt_status message_begin_wait(struct message *message, struct ring_wait *wait, const void *awaits)
{
    return ring_begin_wait(wait, awaits, is_done, message);
}

/* JLT_OK: the reply is there. */
static jlt_status await_reply(struct message *message, int64_t timeout_ns)
{
    struct ring_wait wait;
    bool counted = timeout_ns < 0 && message->item.flags & MESSAGE_COUNTED;
    if (timeout_ns == 0)
        return error_report(error_constant(JLT_TIMEOUT));
    if (counted && message_begin_wait(message, &wait, *awaits_of(message)) != JLT_OK)
        return JLT_WOULD_DEADLOCK;
    bool done = await(message, timeout_ns);
    if (counted)
        ring_end_wait(&wait);
    return done ? JLT_OK : error_report(error_constant(JLT_TIMEOUT));
}

jlt_status message_receive(struct message *message, int64_t timeout_ns, void *output)
{
    bool may_turn_back = !(message->item.flags & MESSAGE_ON_STACK) && timeout_ns != 0 && !message_is_done(message);
    if (may_turn_back && parker_prepare(timeout_ns) != JLT_OK) {
        message_drop(message);
        return error_last()->status;
    }
    jlt_status status = message_is_done(message) ? JLT_OK : await_reply(message, timeout_ns);
    if (status != JLT_OK)
        return status;
    COUNT(receivers, -1);
    struct error *error = message->error;
    size_t output_size = message_output_size(message->item.kind, message->type);
    if (!error) {
        if (!output)
            dispose_output(message);
        else if (output != message_output(message) && output_size)
            memcpy(output, message_output(message), output_size);
    }
    free_message(message);
    return error_report(error);
}

void message_drop(struct message *message)
{
    COUNT(receivers, -1);
    if (atomic_exchange(&message->state, MESSAGE_ABANDONED) == MESSAGE_DONE)
        free_undelivered(message);
}
