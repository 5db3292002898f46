/* SPDX-License-Identifier: MIT
 *
 * Running a body: what is around every call of a function of the user's. */
#ifndef JLT_CORE_BODY_H
#define JLT_CORE_BODY_H

#include "base/error.h"
#include "core/message.h"
#include "core/runtime.h"
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

/* For the trace: when something of a body's begins (0: nobody traces), and that it has ended. */
static inline uint64_t body_clock(const struct fiber *fiber)
{
    return __builtin_expect(insight_of(fiber->worker->runtime) & INSIGHT_TRACED, 0) ? trace_clock() : 0;
}

static inline void body_record(const struct fiber *fiber, enum trace_kind kind, uint64_t begin, const struct type *type,
                               jlt_status status)
{
    if (__builtin_expect(begin != 0, 0))
        trace_record(kind, begin, type->name, fiber->track, status);
}

/* The fiber's body waits from here on: for a message of that type's, for room there, or, NULL, in Julia. And it goes
 * on, which it may be told more than once. On its worker's thread. */
void body_suspend(struct fiber *fiber, enum standing how, const char *name);
void body_resume(struct fiber *fiber);

/* The same, where it may have been suspended without having said so. */
static inline void body_is_back(struct fiber *fiber)
{
    if (__builtin_expect(fiber->worker->running != fiber, 0))
        body_resume(fiber);
}

/* Another fiber goes on, on the worker's thread: whichever body was there is suspended. */
void body_hand_over(struct worker *worker, struct fiber *to, int64_t now);

/* Runs the body of a message and completes it. state: the task's; NULL for a one-shot task. *rest: the messages that
 * their owner has besides, when the body has ended. A small output is written on the fiber's stack first, and so the
 * message's line once. failure: NULL, or where the body's failure is left, with its text: the message is not completed
 * then, and may be run again. */
void body_run_message(struct fiber *fiber, struct message *message, void *state, struct inbox_node *const *rest,
                      struct error **failure);

#endif
