/* SPDX-License-Identifier: MIT
 *
 * Every message is completed exactly once, by the worker that took it out of a mailbox, and freed exactly once: by
 * the receiver if it was there to see DONE, else by the worker. The exchange that sets DONE publishes the reply
 * (output and error), and the one that sees DONE acquires it; both are sequentially consistent. */
#include "core/message.h"

#include "base/checks.h"
#include "core/engine.h"
#include "core/spin.h"
#include "core/task.h"

#include <stdlib.h>
#include <string.h>

enum { alignment = 16 }; /* of inputs and outputs: any C type's */

static size_t aligned(size_t size)
{
    return (size + alignment - 1) & ~(size_t)(alignment - 1);
}

size_t message_input_size(enum message_kind kind, const struct type *type)
{
    return kind == MESSAGE_START ? type->fields.config_size : type->fields.input_size;
}

size_t message_output_size(enum message_kind kind, const struct type *type)
{
    return kind == MESSAGE_START ? sizeof(struct task *) : type->fields.output_size;
}

static void init(struct message *message, enum message_kind kind, const struct type *type, bool wanted)
{
    memset(message, 0, sizeof *message);
    message->item.kind = ITEM_MESSAGE;
    message->kind = kind;
    message->type = type;
    atomic_init(&message->state, wanted ? MESSAGE_PENDING : MESSAGE_ABANDONED);
    COUNT(messages, 1);
    COUNT(receivers, wanted);
}

struct message *message_new(enum message_kind kind, const struct type *type, const void *input, bool wanted)
{
    size_t input_size = message_input_size(kind, type), output_size = message_output_size(kind, type);
    struct message *message = malloc(aligned(sizeof *message) + aligned(input_size) + output_size);
    if (!message)
        return NULL;
    init(message, kind, type, wanted);
    char *at = (char *)message + aligned(sizeof *message);
    message->input = at;
    message->output = at + aligned(input_size);
    if (input_size)
        memcpy(at, input, input_size);
    if (output_size)
        memset(message->output, 0, output_size);
    return message;
}

void message_borrow(struct message *message, enum message_kind kind, const struct type *type, const void *input,
                    void *output)
{
    init(message, kind, type, true);
    message->borrowed = true;
    message->input = input;
    message->output = output;
}

static void free_message(struct message *message)
{
    COUNT(messages, -1);
    if (!message->borrowed)
        free(message);
}

void message_discard(struct message *message)
{
    COUNT(receivers, atomic_load(&message->state) == MESSAGE_ABANDONED ? 0 : -1);
    free_message(message);
}

/* Nobody will receive the output: whatever it owns is given back. */
static void dispose_output(struct message *message)
{
    if (message->kind == MESSAGE_START)
        task_drop(*(struct task **)message->output);
    else if (message->type->fields.dispose_output)
        message->type->fields.dispose_output(message->output);
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
    switch (atomic_exchange(&message->state, MESSAGE_DONE)) {
    case MESSAGE_WAITED:
        parker_wake(message->parker);
        break;
    case MESSAGE_ABANDONED:
        free_undelivered(message);
        break;
    default:
        break;
    }
}

void message_refuse(struct message *message, jlt_status status)
{
    if (message->kind != MESSAGE_START && message->type->fields.dispose_input)
        message->type->fields.dispose_input((void *)(uintptr_t)message->input);
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

/* Waits until the state is DONE. False: the time has passed and the state is PENDING again. */
static bool await(struct message *message, int64_t timeout_ns)
{
    static _Thread_local struct spinner spinner;
    unsigned state = MESSAGE_PENDING;
    struct parker parker;
    if (timeout_ns < 0 && !parker_suspends() && spin_until(&spinner, &spin_clients, is_done, message))
        return true;
    parker_init(&parker);
    message->parker = &parker;
    if (!atomic_compare_exchange_strong(&message->state, &state, MESSAGE_WAITED)) { /* DONE */
        parker_drop(&parker);
        return true;
    }
    if (parker_wait(&parker, timeout_ns))
        return true;
    state = MESSAGE_WAITED;
    if (atomic_compare_exchange_strong(&message->state, &state, MESSAGE_PENDING))
        return false;
    parker_wait_late(&parker); /* it was completed just now, and the worker is about to touch the parker */
    return true;
}

jlt_status message_receive(struct message *message, int64_t timeout_ns, void *output)
{
    if (!message_is_done(message) && (timeout_ns == 0 || !await(message, timeout_ns)))
        return error_report(error_constant(JLT_TIMEOUT));
    COUNT(receivers, -1);
    struct error *error = message->error;
    if (!error) {
        if (!output)
            dispose_output(message);
        else if (output != message->output)
            memcpy(output, message->output, message_output_size(message->kind, message->type));
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
