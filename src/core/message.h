/* SPDX-License-Identifier: MIT
 *
 * A message, its reply, and its receiver: one block. It has two owners, the sender's side (as the receiver) and the
 * worker's side; `state` decides who frees it.
 *
 * It begins or is given up, once: its phase decides. A message that is given up before it has begun never begins: it
 * stays where it is, but its place at the gate is free, and whoever meets it there throws it away. Once begun, its body
 * runs to its end, whatever becomes of the reply. Either way the receiver is answered at once, and the worker finds out
 * when it is through (message.c has the transitions).
 *
 * A message travels to another core and back, and each cache line of it costs a transfer each way. So it begins with a
 * line that holds all there is of a small one, and the worker writes to it once, when it completes it. */
#ifndef JLT_CORE_MESSAGE_H
#define JLT_CORE_MESSAGE_H

#include "base/error.h"
#include "core/gate.h"
#include "core/item.h"
#include "core/limit.h"
#include "core/parker.h"
#include "core/type.h"

#include <stdalign.h>

struct queue;
struct queued;
struct ring_wait;
struct runtime;
struct task;
struct worker;

/* receiver's side:  PENDING -> a waiting receiver's struct parker * -> PENDING ...   (message_receive)
 *                   PENDING -> ABANDONED             (message_drop, or sent without a receiver)
 *                   CANCELLED, LATE -> FORSAKEN      (received or dropped; the worker frees it)
 * whoever gives up: PENDING or a parker -> CANCELLED or LATE, which is the receiver's answer
 * worker's side:    PENDING or a parker -> DONE; then the receiver frees it
 *                   CANCELLED -> CANCELLED_OVER, LATE -> LATE_OVER; the same
 *                   after the end of patience PENDING or a parker -> CANCELLED_OVER; the same
 *                   ABANDONED, FORSAKEN: the worker frees it
 *
 * While it is in a queue the state is the sum of the queue's address, message_in_queue, and PENDING or the answer; so
 * its receiver is not seen to be answered before it has come out. Of one that was attached later the address is that of
 * its struct queued, and message_in_block is there too. Parkers and these are aligned so that the low bits are a
 * state's; a parker's are those of PENDING. */
enum message_state {
    MESSAGE_PENDING,
    MESSAGE_ABANDONED,
    MESSAGE_FORSAKEN,
    MESSAGE_DONE, /* this and all that follow: there is an answer */
    MESSAGE_CANCELLED,
    MESSAGE_LATE,
    MESSAGE_CANCELLED_OVER,
    MESSAGE_LATE_OVER,
    message_states,
    message_in_queue = message_states, /* a bit */
    message_in_block = 2 * message_states,
    message_answer = message_states - 1 /* the bits below it */
};

/* item.phase. The worker: WAITING -> BEGUN. Who gives it up: WAITING -> LEAVING, gives its place back and answers, ->
 * GONE. Then the worker may free it. The others are those of an express message (express.h). */
enum message_phase {
    MESSAGE_WAITING,
    MESSAGE_BEGUN,
    MESSAGE_LEAVING,
    MESSAGE_GONE,
    MESSAGE_EXPECTED,
    MESSAGE_ARMED,
    MESSAGE_RETIRED,
};

enum message_flag {
    MESSAGE_INVOKED = 1,  /* its receiver waits for it from the start */
    MESSAGE_BORROWS = 2,  /* the input is the sender's own, good until the reply; the output is in a block of its own */
    MESSAGE_PHASED = 4,   /* it can be given up before it has begun */
    MESSAGE_LIMITED = 8,  /* a struct limit follows it */
    MESSAGE_COUNTED = 32, /* a body has sent it and may wait for its reply (ring.h); its task follows the output */
    MESSAGE_TIMED = 128,  /* when it was sent follows all else */
    MESSAGE_BODILESS = 16,  /* no body answers it (monitor.c): it neither has a place nor begins */
    MESSAGE_QUEUED = 64,    /* a struct queued follows it */
    MESSAGE_DEADLINE = 256, /* its limit has a deadline */
    MESSAGE_EXPRESS = 512,  /* an invoke's, in its thread's own memory (express.h) */
};

struct message {
    alignas(64) struct item item;
    atomic_uintptr_t state; /* enum message_state, a parker, or in a queue */
    const struct type *type;
    union {
        struct task *task;       /* until it has begun, of a phased one: where it goes, */
        struct runtime *runtime; /* of a one-shot */
        struct error *error;     /* the reply's failure; NULL: success */
    };
    struct {
        const void *input;
        void *output;
    } borrowed; /* with MESSAGE_BORROWS; else the input begins here, and the output follows it */
};

enum {
    message_alignment = 16,    /* any C type's */
    message_small_output = 64, /* bytes of outputs that are written elsewhere first (worker.c) */
    message_head = offsetof(struct message, borrowed), /* where the input is */
    message_express_size = 128,                        /* bytes of one that can take the express way */
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

/* A new message with a copy of the input and room for the output. flags: MESSAGE_INVOKED, MESSAGE_BODILESS,
 * MESSAGE_TIMED, MESSAGE_LIMITED (then message_limit is to be called), MESSAGE_DEADLINE with it, MESSAGE_QUEUED.
 * wanted: it has a receiver. NULL: no memory. */
struct message *message_new(enum item_kind kind, unsigned flags, const struct type *type, const void *input,
                            bool wanted);

/* An invoke's of a task, in the calling thread's own memory. NULL: it is too large for that, or there is none. */
struct message *message_new_express(const struct type *type, const void *input);

/* An invoke's over the caller's input. flags: MESSAGE_TIMED. NULL: no memory. */
struct message *message_new_borrowing(enum item_kind kind, unsigned flags, const struct type *type, const void *input);

/* Of a timed message: it is sent now. And once, on the worker's side, when that was; negative: not known, or told
 * before. */
void message_set_sent(struct message *message);
int64_t message_take_sent(struct message *message);

/* Before it is sent: the task that it is for. */
void message_set_task(struct message *message, const struct task *task);

/* Before it is sent: from now on it is given up when the deadline (platform_now's time; limit_never) passes or the
 * canceller (or NULL) is used. JLT_OK, or JLT_NO_MEMORY: it has no limit. A canceller that has been used gives it up at
 * once. */
jlt_status message_limit(struct message *message, int64_t deadline, struct canceller *canceller);

/* After it was not sent after all: it has no limit any more. Whether it was given up until then its phase says. */
void message_unlimit(struct message *message);

/* Gives back the place at the gate, and what it takes of the runtime's quota, of one that was begun, or was not sent.
 * gate: its task's, or the channel. */
void message_leave_place(const struct message *message, struct gate *gate, struct runtime *runtime);

/* Worker's side, when it takes the message: false if it was given up; then it is not the worker's any more. Else its
 * place at the gate is to be given back. */
bool message_begin(struct message *message, struct worker *worker);

/* Worker's side, a hint: whether somebody may receive the reply. */
static inline bool message_is_wanted(const struct message *message)
{
    return !(atomic_load_explicit(&message->state, memory_order_relaxed) & message_answer);
}

/* Worker's side: whether the body should stop, since nobody waits for its reply any more. */
bool message_is_given_up(const struct message *message);

/* Answers the receiver, if there is no answer yet, with MESSAGE_CANCELLED or MESSAGE_LATE. By the receiver's side, or
 * under the lock of limits. False: it has an answer, or it borrows and has begun. */
bool message_give_up(struct message *message, enum message_state as);

/* When the runtime begins nothing any longer: all who wait, now or later, for the reply to what has not begun are
 * answered with JLT_CANCELLED, but for small invokes without limits, which wait for a worker to look. When it does not
 * wait for bodies any longer, either, and this was called: all who wait. And no longer, for the next runtime. */
void message_cancel_all(void);
void message_give_up_all(void);
void message_accept_waits(void);

/* Worker's side: the reply is there. Owns error. The message is not the worker's any more. False: it was given up, or
 * had no receiver, and may be freed; or it comes after the end of patience, and the answer is JLT_CANCELLED. */
bool message_complete(struct message *message, struct error *error);

/* Worker's side: completes a message that was not begun. */
void message_refuse(struct message *message, struct error *error); /* owns error */

/* The same with JLT_CANCELLED, and a text that says that it was not begun. */
void message_cancel(struct message *message);

/* The same for one that was not accepted: its input stays its caller's, if that one waits still. */
void message_refuse_unsent(struct message *message, struct error *error);

/* A message that was never sent: frees it, without disposing of its input (the caller still has it). */
void message_discard(struct message *message);

/* Receiver's side: whether the answer is there. */
bool message_is_done(struct message *message);

/* Receiver's side: whether it is to come out of a queue, and has not. */
static inline bool message_is_in_queue(struct message *message)
{
    return atomic_load(&message->state) & message_in_queue;
}

/* Receiver's side, as jlt_receiver_recv_timeout. JLT_INVALID_ARGUMENT for one that is in a queue. output may be NULL:
 * the output is disposed of. */
jlt_status message_receive(struct message *message, int64_t timeout_ns, void *output);

/* Receiver's side: ring_begin_wait for the reply. awaits: the task that it is for, or the message itself. A receive
 * without a limit in time does that for a message that is counted. */
jlt_status message_begin_wait(struct message *message, struct ring_wait *wait, const void *awaits);

/* The same as message_receive without a limit in time, of a message whose wait has begun; it ends here. */
jlt_status message_receive_awaited(struct message *message, struct ring_wait *wait, void *output);

/* Receiver's side: gives the reply up. */
void message_drop(struct message *message);

/* ---- for queue.c ---- */

/* Where the struct queued of a message with MESSAGE_QUEUED is. */
struct queued *message_queued(struct message *message);

/* Whether it can be attached to a queue: it is in none, and nobody waits for it. */
bool message_can_enter_queue(struct message *message);

/* The place of one that is in a queue. */
struct queued *message_place(struct message *message);

/* Before it is sent: its answer will go to the queue. */
void message_begin_in_queue(struct message *message, struct queue *queue);

/* Its answer, now or to come, goes to the queue. False: it has one, and the caller sees to it. */
bool message_enter_queue(struct message *message, struct queued *queued);

/* It has its answer, or was not sent, and is the receiver's from here on. */
void message_leave_queue(struct message *message);

/* In a queue: it is dropped, if it has no answer yet. True: it is not the receiver's any more. */
bool message_forsake(struct message *message);

/* One that has left the queue is given up. */
void message_drop_answered(struct message *message);

/* Whether message_cancel_all was called. */
bool message_may_be_called_off(void);

/* Answers this one as message_cancel_all and message_give_up_all do with those that are waited for, if they were
 * called. True: it is answered by that. */
bool message_call_off(struct message *message);

#endif
