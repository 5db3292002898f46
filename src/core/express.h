/* SPDX-License-Identifier: MIT
 *
 * The express way of a synchronous call. A thread's small invokes of tasks all use one message of its own. A worker
 * that has answered one, and has nothing else to do, expects the next there: while it waits awake it looks at that
 * message too. So a call touches one cache line, which crosses from the sender's core to the worker's and back; the
 * task's mailbox, the queue and its lookout stay where they are.
 *
 * The message's phase decides, and each change of it that two could make is one compare-and-exchange:
 *
 *     WAITING   nobody expects it: the call is sent as any other
 *     EXPECTED  the worker whose `expected` it is looks at it until it changes that: WAITING -> EXPECTED comes with the
 *               answer to the call before, so the sender has the message for itself, but for the phase
 *     ARMED     a call: EXPECTED -> ARMED is the sender's, and the worker takes it
 *     RETIRED   EXPECTED -> RETIRED: its thread has ended, and the worker frees it
 *
 * The worker changes EXPECTED back to WAITING before it begins a body, sleeps, steps aside or ends (express_forget);
 * if it finds a call then, it sends that as any other. So a call that was armed is taken at once, by one who is awake
 * and looks, or is where all others are, in the mailbox of its task.
 *
 * Given up. A call that is armed, or is being taken, is in no mailbox that would keep its task. So a sender that leaves
 * before it is answered, and may drop its handle next, leaves another one with the message, and the message with the
 * worker.
 *
 * Order. A worker that takes a call owns the task by the step from an idle mailbox, else the call goes into the
 * mailbox; so what its sender has sent to that task before, which is there, comes before it (T1 of
 * docs/lifetimes.md). */
#ifndef JLT_CORE_EXPRESS_H
#define JLT_CORE_EXPRESS_H

#include "core/message.h"
#include "core/worker.h"

/* ---- the sender's, a thread that is none of the engine's ---- */

/* The thread's own message, to be filled in and sent; NULL: there is no memory. */
struct message *express_open(void);

/* Whether it is the calling thread's own: then that keeps it when the call is over. */
bool express_is_own(const struct message *message);

/* Before its sender leaves without an answer, its own: the thread has none from here on, and express_free frees it. */
void express_abandon(struct message *message);
void express_free(struct message *message);

/* Whether the thread's next call is expected, a hint. */
bool express_is_expected(void);

/* True: it is on its way. Else it is to be sent as any other. */
bool express_send(struct message *message);

/* ---- the worker's ---- */

/* message_complete for one of these, which is expected again if the worker has nothing else to do. */
void express_complete(struct worker *worker, struct message *message, struct error *error);

/* Whether what is expected has come, or will not. */
static inline bool express_has_come(const struct worker *worker)
{
    const struct message *message = worker->expected;
    return message && atomic_load(&message->item.phase) != MESSAGE_EXPECTED;
}

/* If a call has come and its task was idle: the task, which is the caller's to run. */
struct item *express_take(struct worker *worker);

/* For the owner of a task whose mailbox and batch are empty: if a call for that very task has come, and nothing into
 * the mailbox, it is the batch. */
bool express_take_for(struct worker *worker, struct task *task);

/* Nothing is expected from here on. */
void express_stop(struct worker *worker);
static inline void express_forget(struct worker *worker)
{
    if (__builtin_expect(worker->expected != NULL, 0))
        express_stop(worker);
}

#endif
