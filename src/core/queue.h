/* SPDX-License-Identifier: MIT
 *
 * Completion queues: receivers that have their answers, in the order in which these came. The rules are at the top of
 * queue.c; docs/lifetimes.md has the states of a message that is in one. */
#ifndef JLT_CORE_QUEUE_H
#define JLT_CORE_QUEUE_H

#include "core/item.h"

#include <jltask.h>

#include <stdalign.h>

struct message;
struct queue;

/* A message's place in a queue, from when it is attached until it comes out: the sender's and the takers', the worker
 * that answers does not touch it. It follows the message that was sent with a queue (message_queued), or is a block of
 * its own where a receiver was attached later. Aligned as message.h asks; with a small message it fills two lines. */
struct queued {
    alignas(16) struct item item; /* ITEM_QUEUED; its node is among the answered if the message's own cannot be */
    struct message *message;
    struct queue *queue;
    void *user;
    struct queued *previous, *next; /* among all that are attached; these and item.flags under the queue's lock */
};

/* item.flags */
enum queued_flag {
    QUEUED_DROPPED = 1, /* the receiver was, after the answer had come */
    QUEUED_BLOCK = 2,   /* it is a block of its own */
};
enum { queued_block_alignment = 64 };

/* ---- any thread ---- */

/* One handle, the caller's. JLT_NO_MEMORY, or JLT_FAILED where there is no descriptor left; reported. */
jlt_status queue_new(struct queue **made);

/* All that is attached is given up, all who wait are turned away. Where a callback is at work, waits for its end, but
 * not in the callback itself. */
void queue_drop(struct queue *queue);

/* Readable while the queue is not empty, from the first call on. */
int queue_descriptor(struct queue *queue);

/* Waits for at most timeout_ns (negative: no limit) until there is something, and takes up to `room` of it: each
 * becomes a jlt_completion of `size` bytes (the caller's header's) in `into`. Reported: JLT_OK and *count > 0;
 * JLT_PENDING (timeout_ns 0), JLT_TIMEOUT; JLT_CLOSED: the queue was dropped, or the runtime has ended and nothing is
 * to come; JLT_CANCELLED: the body that waits is told to stop; what parker_prepare says. */
jlt_status queue_take(struct queue *queue, int64_t timeout_ns, void *into, size_t size, size_t room, size_t *count);

/* A thread of the queue's own calls the function with each completion, until the queue is dropped. JLT_NO_MEMORY,
 * JLT_INVALID_ARGUMENT: it has one; reported. */
jlt_status queue_set_callback(struct queue *queue, void (*callback)(void *context, const jlt_completion *completion),
                              void *context);

/* Before a message is sent that is to come out of the queue: keeps the queue's memory for it. Then either attaches it,
 * or lets go. */
void queue_hold(struct queue *queue);
void queue_let_go(struct queue *queue);

/* Attaches messages that are about to be sent, and have no limit: queue_open locks, and queue_shut unlocks; between
 * them they are entered, then pushed, and taken out again if that fails. Nothing comes out of the queue meanwhile.
 * queue_open: false, and nothing is locked: it was dropped. */
bool queue_open(struct queue *queue);
void queue_enter(struct queue *queue, struct message *message, void *user);
void queue_leave(struct queue *queue, struct message *message);
void queue_shut(struct queue *queue);

/* One that was sent. queued has the memory of one. The receiver is the queue's from here on. */
void queue_attach(struct queue *queue, struct queued *queued, struct message *message, void *user);

/* For a receiver that was there before. JLT_NO_MEMORY, and JLT_INVALID_ARGUMENT: it is in a queue, or waited for;
 * reported. */
jlt_status queue_add(struct queue *queue, struct message *message, void *user);

/* ---- for message.c ---- */

/* Who has just answered the message, which is attached to this one: it is ready to come out. */
void queue_push(struct queue *queue, struct message *message);

/* Its receiver is dropped before it has come out. */
void queue_forget(struct queued *queued);

/* All that is attached anywhere: message_call_off. */
void queues_call_off(void);

/* The runtime has ended, and all that was sent is answered; or another begins. */
void queues_end(bool ended);

#endif
