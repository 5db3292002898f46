/* SPDX-License-Identifier: MIT
 *
 * Who looks at what is ready, and who sleeps. The rule that keeps everything live is at the top of attention.c. */
#ifndef JLT_CORE_ATTENTION_H
#define JLT_CORE_ATTENTION_H

#include "core/runtime.h"
#include "core/worker.h"

/* ---- any thread ---- */

/* Hands a thing over to any worker, or to this one, waking one if none looks. False: it has ended. */
bool attention_push(struct runtime *runtime, struct item *item);
bool worker_push(struct worker *worker, struct item *item);

/* Has a worker look at itself, although nothing is in its inbox. */
void worker_rouse(struct worker *worker);

/* ---- the watch's thread ---- */

void attention_overdue(struct runtime *runtime);

/* ---- engine threads ---- */

/* The engine answers a ring of the worker's doorbell. */
void worker_doorbell(struct worker *worker);

/* The engine answers a call, on a thread that was idle, which is `here`'s; NULL: no worker's. */
void attention_answer(struct runtime *runtime, struct worker *here);

/* A worker that is idle, but not this one; NULL: there is none. A hint. */
struct worker *attention_idle_worker(struct runtime *runtime, const struct worker *but);

/* ---- the fiber that runs on the worker's thread ---- */

/* From outside into the pump, and from a body back into it: the worker looks from here on. */
void attention_enter(struct worker *worker);
void attention_return(struct worker *worker);

/* Out of the pump: into a body, or to let others on the thread have a turn, the fiber being the standby from here on
 * (false: there is one already). What is ready is looked after. */
void attention_leave(struct worker *worker);

/* The next body of a row is about to begin, which may suspend: what the worker has taken is looked after. */
void attention_go_on(struct worker *worker);
bool attention_step_aside(struct worker *worker);

/* Out of the pump, the fiber being parked now. False: something became ready, and the worker looks again. */
bool attention_park(struct worker *worker, struct fiber *fiber);

/* The same for a fiber that ends, of which there are enough: another takes its place if something became ready. */
void attention_exit(struct worker *worker);

/* Whether the worker is to wait awake for what comes next. */
bool attention_may_wait_awake(const struct worker *worker);

/* The worker has ended; last: no other is left. */
void attention_end(struct worker *worker, bool last);

/* There are as many spare fibers as are worth keeping. */
bool attention_has_enough_parked(struct worker *worker);
void attention_add_parked(struct worker *worker, struct fiber *fiber);

/* A fiber of its own asks. */
static inline bool worker_has_own(const struct worker *worker)
{
    return worker->own.first || !inbox_is_empty(&worker->inbox);
}

/* The same, of what it has taken already. */
static inline bool worker_has_taken(const struct worker *worker)
{
    return worker->own.first || !ahead_is_empty(&worker->ahead);
}

static inline bool worker_has_others(const struct worker *worker)
{
    return worker->runtime->worker_count > 1;
}

#endif
