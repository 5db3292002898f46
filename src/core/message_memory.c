/* SPDX-License-Identifier: MIT
 *
 * The block that a message is: its head, input and output (message.h), and behind them what its flags say: a limit, or
 * what a body's reply waits for; its place in a queue; when it was sent. */
#include "core/message_memory.h"

#include "base/checks.h"
#include "core/block.h"
#include "core/express.h"
#include "core/limit.h"
#include "core/quarantine.h"
#include "core/queue.h"
#include "core/ring.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

static void init(struct message *message, enum item_kind kind, unsigned flags, const struct type *type, bool wanted)
{
    bool phased = !(flags & (MESSAGE_INVOKED | MESSAGE_BODILESS)) && (wanted || flags & MESSAGE_LIMITED);
    message->item.kind = (uint8_t)kind;
    message->item.flags = (uint16_t)(flags | (phased ? MESSAGE_PHASED : 0));
    if (!(flags & MESSAGE_EXPRESS)) /* else it has one, which a worker may look at */
        atomic_init(&message->item.phase, MESSAGE_WAITING);
    message->type = type;
    message->error = NULL;
    if (checks_enabled)
        message->item.life = LIFE_ALIVE;
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

static size_t round_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) & ~(alignment - 1);
}

static size_t limit_at(enum item_kind kind, const struct type *type)
{
    return round_up(message_size(kind, type), alignof(struct limit));
}

struct limit *message_limit_of(struct message *message)
{
    return (struct limit *)((unsigned char *)message + limit_at(message->item.kind, message->type));
}

/* Where the limit ends, if there is one. */
static size_t limited_size(enum item_kind kind, unsigned flags, const struct type *type)
{
    return flags & MESSAGE_LIMITED ? limit_at(kind, type) + sizeof(struct limit) : message_size(kind, type);
}

static size_t awaits_at(enum item_kind kind, unsigned flags, const struct type *type)
{
    return round_up(limited_size(kind, flags, type), alignof(const void *));
}

/* Where a counted message has what its reply waits for: its task, or itself. */
static const void **awaits_of(struct message *message)
{
    size_t at = awaits_at(message->item.kind, message->item.flags, message->type);
    return (const void **)(void *)((unsigned char *)message + at);
}

const void *message_awaits(struct message *message)
{
    return *awaits_of(message);
}

static size_t queued_at(enum item_kind kind, unsigned flags, const struct type *type)
{
    return round_up(limited_size(kind, flags, type), alignof(struct queued));
}

struct queued *message_queued(struct message *message)
{
    size_t at = queued_at(message->item.kind, message->item.flags, message->type);
    return (struct queued *)((unsigned char *)message + at);
}

static size_t untimed_size(enum item_kind kind, unsigned flags, const struct type *type)
{
    if (flags & MESSAGE_BORROWS)
        return sizeof(struct message);
    if (flags & MESSAGE_QUEUED)
        return queued_at(kind, flags, type) + sizeof(struct queued);
    if (flags & MESSAGE_COUNTED)
        return awaits_at(kind, flags, type) + sizeof(const void *);
    return limited_size(kind, flags, type);
}

static size_t sent_at(enum item_kind kind, unsigned flags, const struct type *type)
{
    return round_up(untimed_size(kind, flags, type), alignof(int64_t));
}

static size_t block_size(enum item_kind kind, unsigned flags, const struct type *type)
{
    return flags & MESSAGE_TIMED ? sent_at(kind, flags, type) + sizeof(int64_t) : untimed_size(kind, flags, type);
}

/* Where a timed message has when it was sent. */
static int64_t *sent_of(struct message *message)
{
    size_t at = sent_at(message->item.kind, message->item.flags, message->type);
    return (int64_t *)(void *)((unsigned char *)message + at);
}

void message_set_sent(struct message *message)
{
    if (message->item.flags & MESSAGE_TIMED)
        *sent_of(message) = platform_now();
}

int64_t message_take_sent(struct message *message)
{
    if (!(message->item.flags & MESSAGE_TIMED))
        return -1;
    int64_t sent_ns = *sent_of(message);
    *sent_of(message) = -1;
    return sent_ns;
}

struct message *message_new(enum item_kind kind, unsigned flags, const struct type *type, const void *input,
                            bool wanted)
{
    if (wanted && !(flags & (MESSAGE_INVOKED | MESSAGE_DEADLINE | MESSAGE_BODILESS | MESSAGE_QUEUED)) && ring_counts())
        flags |= MESSAGE_COUNTED;
    struct message *message = block_new(block_size(kind, flags, type));
    if (!message)
        return NULL;
    init(message, kind, flags, type, wanted);
    set_payload(message, input);
    if (flags & MESSAGE_LIMITED)
        *message_limit_of(message) = (struct limit){.owner = NULL}; /* not added yet, and so removed */
    if (flags & MESSAGE_COUNTED)
        *awaits_of(message) = message;
    if (flags & MESSAGE_QUEUED) {
        struct queued *queued = message_queued(message);
        queued->item.kind = ITEM_QUEUED;
        queued->item.flags = 0;
    }
    return message;
}

void message_set_task(struct message *message, const struct task *task)
{
    if (message->item.flags & MESSAGE_COUNTED)
        *awaits_of(message) = task;
}

struct message *message_new_borrowing(enum item_kind kind, unsigned flags, const struct type *type, const void *input)
{
    struct message *message = block_new(block_size(kind, flags | MESSAGE_BORROWS, type));
    void *output = calloc(1, message_output_size(kind, type) + 1);
    if (!message || !output) {
        if (message)
            block_free(message, block_size(kind, flags | MESSAGE_BORROWS, type));
        free(output);
        return NULL;
    }
    init(message, kind, flags | MESSAGE_BORROWS, type, true);
    message->borrowed.input = input;
    message->borrowed.output = output;
    return message;
}

struct message *message_new_express(const struct type *type, const void *input)
{
    struct message *message = message_size(ITEM_RUN, type) <= message_express_size ? express_open() : NULL;
    if (!message)
        return NULL;
    init(message, ITEM_RUN, MESSAGE_INVOKED | MESSAGE_EXPRESS, type, true);
    set_payload(message, input);
    return message;
}

void message_free(struct message *message)
{
    unsigned flags = message->item.flags;
    COUNT(messages, -1);
    if (flags & MESSAGE_LIMITED)
        limit_remove(message_limit_of(message));
    if (flags & MESSAGE_BORROWS)
        free(message->borrowed.output);
    if (flags & MESSAGE_EXPRESS) {
        if (!express_is_own(message))
            express_free(message);
        return;
    }
    block_free(message, block_size(message->item.kind, flags, message->type));
}
