/* SPDX-License-Identifier: MIT
 *
 * The runtime: its workers, its handles, its life from open to ended. */
#ifndef JLT_CORE_RUNTIME_H
#define JLT_CORE_RUNTIME_H

#include "core/gate.h"
#include "core/type.h"
#include "core/worker.h"

#include <pthread.h>

struct engine;
struct message;
struct task;

struct runtime {
    const struct engine *engine;
    struct worker *workers;
    unsigned worker_count;
    atomic_uint workers_left; /* not yet ended */
    atomic_uint next_worker;  /* placement; relaxed */
    atomic_uint next_offer;   /* the search for an idle worker; relaxed */
    atomic_long handles;
    atomic_bool closed;    /* nothing is accepted any more */
    atomic_bool cancelled; /* nothing is begun any more */
    struct gate channel;
    struct gate_queue senders;
};

/* One handle, the caller's. JLT_NO_MEMORY. */
jlt_status runtime_init(struct runtime *runtime, const struct engine *engine, unsigned workers,
                        size_t channel_capacity);
/* When all workers have ended. Handles may be left: they find the runtime closed. */
void runtime_finish(struct runtime *runtime);

/* How senders deal with a full gate. */
enum sending { SEND_TRY, SEND_WAIT };

/* Any thread. *receiver may be NULL. Each reports its status (error.h). */
jlt_status runtime_dispatch(struct runtime *runtime, const struct type *type, const void *input, enum sending sending,
                            struct message **receiver);
jlt_status runtime_invoke(struct runtime *runtime, const struct type *type, const void *input, void *output);
jlt_status runtime_call(struct task *task, const void *input, enum sending sending, struct message **receiver);
jlt_status runtime_invoke_task(struct task *task, const void *input, void *output);

void runtime_clone(struct runtime *runtime);
void runtime_drop(struct runtime *runtime);
void runtime_close(struct runtime *runtime, bool cancel);

static inline bool runtime_is_closed(const struct runtime *runtime)
{
    return atomic_load(&runtime->closed);
}

static inline bool runtime_is_cancelled(const struct runtime *runtime)
{
    /* relaxed: a message that slips through was begun just in time */
    return atomic_load_explicit(&runtime->cancelled, memory_order_relaxed);
}

/* For worker.c and task.c. */
void runtime_worker_ended(struct runtime *runtime);
void runtime_free_task(struct task *task);

#endif
