/* SPDX-License-Identifier: MIT
 *
 * A message, its reply, and its receiver: one block. It has two owners, the sender's side (as the receiver) and the
 * worker's side; `state` decides who frees it.
 *
 * A message travels to another core and back, and each cache line of it costs a transfer each way. So it begins with a
 * line that holds all there is of a small one, and the worker writes to it once, when it completes it. */
#ifndef JLT_CORE_MESSAGE_H
#define JLT_CORE_MESSAGE_H

#include "base/error.h"
#include "core/item.h"
#include "core/parker.h"
#include "core/type.h"

#include <stdalign.h>

struct ring_wait;
struct task;

/* sender's side:  PENDING -> a waiting receiver's struct parker * -> PENDING ...   (message_receive)
 *                 PENDING -> ABANDONED               (message_drop, or sent without a receiver)
 * worker's side:  PENDING or a parker -> DONE; then the receiver frees it
 *                 ABANDONED: the worker frees it */
enum message_state { MESSAGE_PENDING, MESSAGE_DONE, MESSAGE_ABANDONED };

enum message_flag {
    MESSAGE_ON_STACK = 1, /* the sender's: not to be freed */
    MESSAGE_BORROWS = 2,  /* input and output are elsewhere, both on the sender's side */
    MESSAGE_COUNTED = 4,  /* a body has sent it and may wait for its reply (ring.h); its task follows the output */
};

struct message {
    alignas(64) struct item item;
    atomic_uintptr_t state; /* enum message_state or a parker */
    const struct type *type;
    struct error *error; /* the reply's failure; NULL: success */
    struct {
        const void *input;
        void *output;
    } borrowed; /* with MESSAGE_BORROWS; else the input begins here, and the output follows it */
};

enum {
    message_alignment = 16,    /* any C type's */
    message_small_output = 64, /* bytes of outputs that are written elsewhere first (worker.c) */
    message_head = offsetof(struct message, borrowed), /* where the input is */
};
_Static_assert(sizeof(struct message) == 64 && message_head % message_alignment == 0, "one line, and payload aligned");

static inline size_t message_input_size(enum item_kind kind, const struct type *type)
{
    return kind == ITEM_START ? type->fields.config_size : type->fields.input_size;
}

static inline size_t message_output_size(enum item_kind kind, const struct type *type)
{
    return kind == ITEM_START ? sizeof(struct task *) : type->fields.output_size;
}

static inline const void *message_input(const struct message *message)
{
    return message->item.flags & MESSAGE_BORROWS ? message->borrowed.input
                                                 : (const unsigned char *)message + message_head;
}

/* Where the output is. A small one is aligned only as its size tells (a C type's size is a multiple of its alignment),
 * so that it follows a small input in the first line. */
static inline size_t message_output_at(enum item_kind kind, const struct type *type)
{
    size_t output_size = message_output_size(kind, type), alignment = message_alignment;
    while (output_size <= message_small_output && output_size % alignment)
        alignment /= 2;
    return (message_head + message_input_size(kind, type) + alignment - 1) & ~(alignment - 1);
}

static inline void *message_output(struct message *message)
{
    if (message->item.flags & MESSAGE_BORROWS)
        return message->borrowed.output;
    return (unsigned char *)message + message_output_at(message->item.kind, message->type);
}

/* The bytes that a message with its input and output takes. */
static inline size_t message_size(enum item_kind kind, const struct type *type)
{
    return message_output_at(kind, type) + message_output_size(kind, type);
}

/* A new message with a copy of the input and room for the output; wanted: it has a receiver. NULL: no memory. */
struct message *message_new(enum item_kind kind, const struct type *type, const void *input, bool wanted);

/* Before it is sent: the task that it is for. */
void message_set_task(struct message *message, const struct task *task);

/* The same in the caller's memory, of message_size bytes, which is good until the message is received. */
void message_init_on_stack(struct message *message, enum item_kind kind, const struct type *type, const void *input);

/* A message over the caller's input and output, which stay good until it is received. */
void message_borrow(struct message *message, enum item_kind kind, const struct type *type, const void *input,
                    void *output);

/* Worker's side, a hint: whether somebody may receive the reply. */
static inline bool message_is_wanted(const struct message *message)
{
    return atomic_load_explicit(&message->state, memory_order_relaxed) != MESSAGE_ABANDONED;
}

/* Worker's side: the reply is there. Owns error. The message is not the worker's any more. */
void message_complete(struct message *message, struct error *error);

/* Worker's side: completes a message that was not begun. */
void message_refuse(struct message *message, jlt_status status);

/* A message that was never sent: frees it, without disposing of its input (the caller still has it). */
void message_discard(struct message *message);

/* Receiver's side: whether the reply is there. */
bool message_is_done(struct message *message);

/* Receiver's side, as jlt_receiver_recv_timeout. output may be NULL: the output is disposed of. */
jlt_status message_receive(struct message *message, int64_t timeout_ns, void *output);

/* Receiver's side: ring_begin_wait for the reply. awaits: the task that it is for, or the message itself. A receive
 * without a limit in time does that for a message that is counted. */
jlt_status message_begin_wait(struct message *message, struct ring_wait *wait, const void *awaits);

/* Receiver's side: gives the reply up. */
void message_drop(struct message *message);

#endif
