/* SPDX-License-Identifier: MIT
 *
 * Running a body: what is around every call of a function of the user's. */
#ifndef JLT_CORE_BODY_H
#define JLT_CORE_BODY_H

#include "base/error.h"
#include "core/message.h"
#include "core/worker.h"

/* Around a call of a function of the user's. Bodies that follow one another at once are a row, one body for those who
 * look at the worker: of messages that their owner has together (more: there are such), and of things that the worker
 * has taken already. body_end ends the row where nothing follows, and body_end_row where what was to follow does
 * not. */
void body_begin(struct fiber *fiber);
void body_end(struct fiber *fiber, bool more);
void body_end_row(struct fiber *fiber);

/* Whose body the fiber runs from here on; NULL: nobody's. */
static inline void body_is_of(struct fiber *fiber, struct message *message)
{
    fiber->message = message;
    fiber->interrupted = false;
    /* relaxed: it is only told */
    atomic_store_explicit(&fiber->type, message ? message->type : NULL, memory_order_relaxed);
}

/* Runs the body of a message and completes it. state: the task's; NULL for a one-shot task. *rest: the messages that
 * their owner has besides, when the body has ended. A small output is written on the fiber's stack first, and so the
 * message's line once. failure: NULL, or where the body's failure is left, with its text: the message is not completed
 * then, and may be run again. */
void body_run_message(struct fiber *fiber, struct message *message, void *state, struct inbox_node *const *rest,
                      struct error **failure);

#endif
