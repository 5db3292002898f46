/* SPDX-License-Identifier: MIT
 *
 * Client side: completion queues, from which replies come in the order in which they are made, and an event loop learns
 * that there are some. */
#ifndef JLTASK_QUEUE_H
#define JLTASK_QUEUE_H

#include "limits.h"
#include "supervision.h"

JLT_BEGIN_DECLARATIONS

/* A call whose options name a queue, of any of the functions with _with but the invokes (JLT_INVALID_ARGUMENT), has its
 * reply come out of that queue, with the user value of its options: from jlt_queue_take, as a receiver that has its
 * reply, so that a receive does not wait. All that a receiver can be told comes out in this way: outputs, failures, the
 * end of a deadline, cancels, a runtime that closes.
 *
 * Such a call may be given NULL for its receiver. If it is given one that is the receiver that will come out: until
 * then it can be cancelled, or dropped, which takes it out of the queue; a receive says JLT_INVALID_ARGUMENT. Who
 * cannot know whether it has come out (since another thread takes) cancels by a canceller instead.
 *
 * Many threads may send to and take from one queue. A queue belongs to no runtime; calls under way in it cost a block
 * of memory each, and no thread. */

/* A receiver that has come out, the taker's to receive or to drop. */
typedef struct jlt_completion {
    jlt_receiver *receiver;
    void *user; /* of the call's options, or of jlt_queue_add */
} jlt_completion;

/* A new queue, the caller's to drop. Any thread. JLT_NO_MEMORY, JLT_INVALID_ARGUMENT for NULL, JLT_FAILED where the
 * process has no file descriptor left. */
JLT_API jlt_status jlt_queue_new(jlt_queue **queue);

/* Gives up what has not come out yet, as jlt_receiver_drop would, ends the waits of takers with JLT_CLOSED, and lets go
 * of the queue. Calls that carry it, and takes, may be under way in other threads, but none may begin after it; the
 * descriptor is closed when the last of them, and of the replies to come, is over. It must be taken out of an event
 * loop before. If the queue has a callback, no call of it is under way any more when this returns, unless the callback
 * itself drops the queue. NULL is ignored. Any thread. */
JLT_API void jlt_queue_drop(jlt_queue *queue);

/* A file descriptor for poll, epoll and the like, the same each time: readable while there is something to take. It
 * becomes readable anew, an edge, each time the queue was empty and is not any more; the take that leaves the queue
 * empty, or finds it so, clears it. So with edges: take until JLT_PENDING. It may be readable once too often, never
 * once too seldom. It is the queue's: only to be watched. Until it is first asked for, a queue costs no system calls.
 * Any thread. -1 for NULL, and in a forked child. */
JLT_API int jlt_queue_descriptor(jlt_queue *queue);

/* Takes the oldest reply, or up to `room` (at least 1), and then *count, which is at least 1. Waits for one for at most
 * timeout_ns nanoseconds (negative: no limit). JLT_PENDING where timeout_ns is 0 and nothing is there, JLT_TIMEOUT
 * where it is more; JLT_CLOSED where the queue is dropped meanwhile, and, without a limit, where the runtime has ended
 * and nothing is to come; JLT_CANCELLED from a body that is told to stop. Any thread; in a body, only that task is
 * suspended, and no ring of tasks is looked for. JLT_INVALID_ARGUMENT for NULL and no room. */
static inline jlt_status jlt_queue_take(jlt_queue *queue, int64_t timeout_ns, jlt_completion *completion);
static inline jlt_status jlt_queue_take_many(jlt_queue *queue, int64_t timeout_ns, jlt_completion *completions,
                                             size_t room, size_t *count);

/* Puts a receiver that was sent without a queue into one: its reply comes out of it from here on, at once if it is
 * there already. By the receiver's user, while nobody receives it; then it is the queue's as above. Any kind of
 * receiver, a monitor's too. JLT_INVALID_ARGUMENT for NULL and for one that is in a queue; JLT_NO_MEMORY: the receiver
 * stays as it was. */
JLT_API jlt_status jlt_queue_add(jlt_queue *queue, jlt_receiver *receiver, void *user);

/* Has what comes out passed to a function, in place of takes. It is called by a thread of the queue's own, one call at
 * a time, in order, until the queue is dropped, and owns the receiver that it gets. It may do what any thread may:
 * send, receive, wait, use the queue, drop it (the last call then). Signals are blocked there. `context` is passed on,
 * and must be good until jlt_queue_drop has returned. A body that drops such a queue is suspended until the call that
 * is under way has ended, which must not wait for that body. Once for a queue: JLT_INVALID_ARGUMENT, and for NULL;
 * JLT_NO_MEMORY. */
JLT_API jlt_status jlt_queue_set_callback(jlt_queue *queue,
                                          void (*callback)(void *context, const jlt_completion *completion),
                                          void *context);

/* jlt_persistent_monitor, with options: through a queue (then the receiver may be NULL), with a deadline, a canceller.
 * Statuses as there. */
static inline jlt_status jlt_persistent_monitor_with(jlt_persistent *task, const jlt_call_options *options,
                                                     jlt_receiver **receiver);

/* One of many messages. */
typedef struct jlt_message {
    jlt_persistent *task;
    const void *input;
    jlt_receiver **receiver; /* where its receiver is stored, as by jlt_persistent_call; NULL: nowhere */
    void *user;              /* with a queue, in place of the options' */
} jlt_message;

/* Sends messages, to one task or many, each as jlt_persistent_call_with does, in order, and with no more wake-ups than
 * for one. Those that follow each other and are for one task become visible to it at once. The first that cannot be
 * sent ends it, with its status; *sent (which may be NULL) is how many were sent before it, all of them after JLT_OK.
 * Where there is no room, those before are sent first, and the wait is as the options say. Also JLT_INVALID_ARGUMENT
 * for NULL messages. Any thread. */
static inline jlt_status jlt_persistent_call_many(const jlt_message *messages, size_t count,
                                                  const jlt_call_options *options, size_t *sent);

/* Beneath the inline functions: they take the size of the struct as its caller knows it, so that it can grow without
 * breaking programs built against an older header. */
JLT_API jlt_status jlt_queue_take_sized(jlt_queue *queue, int64_t timeout_ns, jlt_completion *completions,
                                        size_t completion_size, size_t room, size_t *count);
JLT_API jlt_status jlt_persistent_monitor_with_sized(jlt_persistent *task, size_t end_size,
                                                     const jlt_call_options *options, size_t options_size,
                                                     jlt_receiver **receiver);
JLT_API jlt_status jlt_persistent_call_many_sized(const jlt_message *messages, size_t message_size, size_t count,
                                                  const jlt_call_options *options, size_t options_size, size_t *sent);

static inline jlt_status jlt_queue_take(jlt_queue *queue, int64_t timeout_ns, jlt_completion *completion)
{
    size_t count;
    return jlt_queue_take_sized(queue, timeout_ns, completion, sizeof(jlt_completion), 1, &count);
}

static inline jlt_status jlt_queue_take_many(jlt_queue *queue, int64_t timeout_ns, jlt_completion *completions,
                                             size_t room, size_t *count)
{
    return jlt_queue_take_sized(queue, timeout_ns, completions, sizeof(jlt_completion), room, count);
}

static inline jlt_status jlt_persistent_monitor_with(jlt_persistent *task, const jlt_call_options *options,
                                                     jlt_receiver **receiver)
{
    return jlt_persistent_monitor_with_sized(task, sizeof(jlt_end), options, sizeof(jlt_call_options), receiver);
}

static inline jlt_status jlt_persistent_call_many(const jlt_message *messages, size_t count,
                                                  const jlt_call_options *options, size_t *sent)
{
    return jlt_persistent_call_many_sized(messages, sizeof(jlt_message), count, options, sizeof(jlt_call_options),
                                          sent);
}

JLT_END_DECLARATIONS

#endif
