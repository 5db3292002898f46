/* SPDX-License-Identifier: MIT
 *
 * Runs core's fibers on Julia: each is a Julia task that calls worker_pump, so that a body that waits inside Julia is
 * suspended as any Julia task is. */
#ifndef JLT_JULIA_ENGINE_H
#define JLT_JULIA_ENGINE_H

#include "core/engine.h"
#include "core/runtime.h"
#include "julia/identity.h"
#include "julia/roots.h"

/* One Julia task that bodies run on. */
struct julia_fiber {
    struct fiber base; /* first: core's fiber is cast to this */
    jlt_value *task;
    struct julia_fiber *previous, *next; /* among all, for the root scanner */
    jlt_frame *frame;                    /* the innermost open one, which links to those around it */
    jlt_frame *spare_frames;
    uint64_t random[task_random_words]; /* identity.c */
};

/* The list that the root scanner marks: from here on, a fiber's task and its open frames are rooted; and no longer.
 * free also frees the fiber and its spare frames. */
void julia_list_fiber(struct julia_fiber *fiber);
void julia_unlist_fiber(struct julia_fiber *fiber);
void julia_free_fiber(struct julia_fiber *fiber);

/* What the engine keeps for a worker. */
struct julia_worker {
    int tid;               /* Julia's thread, from 1 */
    struct bell *doorbell; /* what wakes its thread */
    struct root_pages pages;
};

static inline struct julia_worker *julia_worker_of(const struct worker *worker)
{
    return worker->engine_data;
}

/* The worker of the calling thread, which is Julia's; NULL: it has none, not being in Julia's default pool. */
struct worker *julia_worker_here(void);

/* Whether engine->suspend can be called with a time limit, from then on; if not, *error, the caller's, says why. */
bool julia_can_time_out(struct error **error);

/* Called in each collection, for each fiber with open frames. */
typedef void julia_mark_frames_fn(const jlt_frame *innermost, void *ptls);

/* Called when a fiber is freed. */
typedef void julia_free_frames_fn(jlt_frame *spare);

/* Makes the first spare frame of a fiber, so that a body can always be begun. NULL: no memory. */
typedef jlt_frame *julia_new_frame_fn(void);

/* Julia's thread (from 0) that was the last to wait in the event loop, and may be waiting there; -1: nobody, or there
 * is only one thread. */
extern atomic_int julia_loop_attendant;

/* Wakes an idle thread, which then attends the loop. */
void julia_hand_over_loop(const struct worker *worker);

/* For a thread that is about to run C or Julia code of the user's. */
static inline void julia_leave_loop(const struct worker *worker)
{
    /* relaxed: set by this very thread, if it is this thread's number */
    if (atomic_load_explicit(&julia_loop_attendant, memory_order_relaxed) == julia_worker_of(worker)->tid - 1)
        julia_hand_over_loop(worker);
}

/* The engine but for its frame functions, which the data layer adds. */
extern const struct engine julia_engine;

/* On Julia's first thread, after bootstrap_load. Makes the workers' doorbells; fibers are made when they are needed.
 * JLT_NO_MEMORY or JLT_NO_JULIA, reported. */
jlt_status julia_engine_open(struct runtime *runtime, julia_mark_frames_fn *mark, julia_new_frame_fn *new_spare,
                             julia_free_frames_fn *free_spare);

/* Runs Julia until engine->finished; then frees what open made. */
void julia_engine_serve(struct runtime *runtime);

/* After Julia's exit hooks, which may still call C: no roots are marked any more. */
void julia_engine_finish(void);

/* The stress mode, which finds missing roots (JLTASK_GC_STRESS; docs/environment.md). It collects at each point of the
 * API that may allocate in Julia: with `full` always everything. Else the first points collect everything, some
 * thousands more the young generation, and from then on each kind runs for up to half of the time: a full collection
 * takes some tens of milliseconds, and programs make a million calls. */
enum julia_gc_stress { STRESS_NONE, STRESS_YOUNG, STRESS_FULL };
extern enum julia_gc_stress julia_gc_stress;

void julia_stress(void);

static inline void julia_may_collect(void)
{
    if (__builtin_expect(julia_gc_stress != STRESS_NONE, 0))
        julia_stress();
}

#endif
