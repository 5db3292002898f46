/* SPDX-License-Identifier: MIT
 *
 * A message, its reply, and its receiver: one block. It has two owners, the sender's side (as the receiver) and the
 * worker's side; `state` decides who frees it. */
#ifndef JLT_CORE_MESSAGE_H
#define JLT_CORE_MESSAGE_H

#include "base/error.h"
#include "core/item.h"
#include "core/parker.h"
#include "core/type.h"

struct task;

/* sender's side:  PENDING -> WAITED -> PENDING ...   (message_receive)
 *                 PENDING -> ABANDONED               (message_drop, or sent without a receiver)
 * worker's side:  PENDING or WAITED -> DONE; then the receiver frees it
 *                 ABANDONED: the worker frees it */
enum message_state { MESSAGE_PENDING, MESSAGE_WAITED, MESSAGE_DONE, MESSAGE_ABANDONED };

enum message_kind {
    MESSAGE_ONCE,  /* a one-shot task */
    MESSAGE_START, /* a persistent task's init; the output is its first handle */
    MESSAGE_RUN,   /* a message to a persistent task */
};

struct message {
    struct item item;
    enum message_kind kind;
    bool borrowed;     /* on the sender's stack: not to be freed */
    atomic_uint state; /* enum message_state */
    const struct type *type;
    struct parker *parker; /* of the waiting receiver, while WAITED */
    struct error *error;   /* the reply's failure; NULL: success */
    const void *input;
    void *output;
    struct gate *gate; /* left when the message is begun */
};

/* A new message with a copy of the input and room for the output; wanted: it has a receiver. NULL: no memory. */
struct message *message_new(enum message_kind kind, const struct type *type, const void *input, bool wanted);

/* A message on the caller's stack, over the caller's input and output, which stay good until it is received. */
void message_borrow(struct message *message, enum message_kind kind, const struct type *type, const void *input,
                    void *output);

size_t message_input_size(enum message_kind kind, const struct type *type);
size_t message_output_size(enum message_kind kind, const struct type *type);

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

/* Receiver's side: gives the reply up. */
void message_drop(struct message *message);

#endif
