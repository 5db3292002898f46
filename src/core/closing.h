/* SPDX-License-Identifier: MIT
 *
 * Live tasks, and how a worker ends. */
#ifndef JLT_CORE_CLOSING_H
#define JLT_CORE_CLOSING_H

#include "core/worker.h"

/* A fiber of the worker's: puts a task on its list. True: the worker is closing, and has gone through its list. */
bool closing_add_task(struct worker *worker, struct task *task);

/* Any worker's fiber: takes it off the list of the worker that it was put on. */
void closing_remove_task(struct worker *worker, struct task *task);

/* A guest of the worker's is about to wait: which worker is to wake it, and does not end before that. Its own, or
 * another if that has ended; NULL: all have. closing_remove_guest: it did not wait; one that is woken is counted off by
 * the pump. Any thread. */
struct worker *closing_add_guest(struct worker *worker);
void closing_remove_guest(struct worker *worker);

/* The worker's fiber: it closes. Seals its tasks; those that were idle, or backed off, are ready then, to run what they
 * have still and their exits. */
void closing_begin(struct worker *worker);

/* But for what may be ready, the worker can end. */
bool closing_may_end(struct worker *worker);

/* The worker's fiber: it was full, and is not any more; others may have waited for that to end. */
void closing_note_not_full(struct worker *worker);

/* Nothing is ready: if nothing can become ready either, the worker ends. */
void closing_end_if_done(struct worker *worker);

#endif
