/* SPDX-License-Identifier: MIT
 *
 * The runtime: its workers, its handles, its life from open to ended. */
#ifndef JLT_CORE_RUNTIME_H
#define JLT_CORE_RUNTIME_H

#include "core/gate.h"
#include "core/names.h"
#include "core/quota.h"
#include "core/ready.h"
#include "core/stats.h"
#include "core/trace.h"
#include "core/type.h"
#include "core/watch.h"
#include "core/worker.h"

#include <pthread.h>

struct engine;
struct message;
struct task;

enum { max_workers = 1024 };

struct runtime {
    const struct engine *engine;
    struct worker *workers;
    unsigned worker_count;
    struct ready ready;                      /* with several workers */
    _Atomic uint64_t idle[max_workers / 64]; /* a bit each: a fiber is parked, and none in a body (attention.c) */
    struct watch watch;
    unsigned taken_before; /* the watch's: as of its last look (attention.c) */
    unsigned next_answer;  /* of who answers calls, one at a time (attention.c) */
    struct spinlock end_lock;
    unsigned workers_left;       /* not yet ended; under the lock */
    atomic_uint workers_running; /* the same, and until nobody rings their bells any more */
    atomic_long handles;
    atomic_bool closed;    /* nothing is accepted any more */
    atomic_bool cancelled; /* nothing is begun any more */
    atomic_uchar insight;  /* enum insight: what is looked at with each message, in the line of these */
    struct gate channel;
    struct gate_queue senders;
    struct quota quota;
    struct limit close_limit;
    atomic_flag close_limited;
    struct names names;
    struct runtime_stats stats;
    struct trace trace;
};

/* How much of what there may be; 0: no limit, but for that of the fibers. */
struct runtime_limits {
    size_t channel_capacity; /* one-shot tasks and starts that wait */
    size_t messages, bytes;  /* quota.h */
    size_t fibers;           /* bodies under way; fibers_at_most, which is the most */
};

enum { fibers_at_most = 24000 }; /* Julia moves stacks beyond 30000, and parkers and messages are on them */

/* One handle, the caller's. Each worker has its share of the fibers, and one at least. JLT_NO_MEMORY. */
jlt_status runtime_init(struct runtime *runtime, const struct engine *engine, unsigned workers,
                        const struct runtime_limits *limits);
/* When all workers have ended, or none was ever run: no thread of its own is left. */
void runtime_stop(struct runtime *runtime);

/* The same, and the memory. Handles may be left: they find the runtime closed. */
void runtime_finish(struct runtime *runtime);

/* How senders deal with a full gate. */
enum sending { SEND_TRY, SEND_WAIT };

/* How a message is sent. */
struct call_options {
    bool dont_wait;              /* for room at a full gate */
    int64_t deadline;            /* by platform_now, or limit_never */
    struct canceller *canceller; /* or NULL */
    struct queue *queue;         /* or NULL; the reply comes out of it, with: */
    void *user;
};

/* Whether something may give the call up before it is answered. */
static inline bool call_is_limited(const struct call_options *options)
{
    return options->deadline != limit_never || options->canceller;
}

/* Whether it is given up in any case, some time; a canceller may never be used. */
static inline bool call_is_limited_in_time(const struct call_options *options)
{
    return options->deadline != limit_never;
}

/* Whether the message enters its queue in the step that sends it; one with a limit does after that (queue.c). */
static inline bool call_enters_queue(const struct call_options *options)
{
    return options->queue && !call_is_limited(options);
}

/* Any thread. *receiver may be NULL. Each reports its status (error.h). An invoke has no queue. */
jlt_status runtime_dispatch_with(struct runtime *runtime, const struct type *type, const void *input,
                                 const struct call_options *options, struct message **receiver);
jlt_status runtime_invoke_with(struct runtime *runtime, const struct type *type, const void *input,
                               const struct call_options *options, void *output);
jlt_status runtime_call_with(struct task *task, const void *input, const struct call_options *options,
                             struct message **receiver);
jlt_status runtime_invoke_task_with(struct task *task, const void *input, const struct call_options *options,
                                    void *output);

/* The same for `count` messages, each a jlt_message of `size` bytes (the caller's header's), as
 * jlt_persistent_call_many. task_of: the task of a handle. */
jlt_status runtime_call_many(const void *entries, size_t size, size_t count, const struct call_options *options,
                             struct task *(*task_of)(const jlt_persistent *handle), size_t *sent);

/* The same without limits. */
jlt_status runtime_dispatch(struct runtime *runtime, const struct type *type, const void *input, enum sending sending,
                            struct message **receiver);
jlt_status runtime_invoke(struct runtime *runtime, const struct type *type, const void *input, void *output);
jlt_status runtime_call(struct task *task, const void *input, enum sending sending, struct message **receiver);
jlt_status runtime_invoke_task(struct task *task, const void *input, void *output);

void runtime_clone(struct runtime *runtime);
void runtime_drop(struct runtime *runtime);
void runtime_close(struct runtime *runtime, bool cancel);

/* A close; after timeout_ns (negative: never) runtime_give_up. JLT_OK, or JLT_NO_MEMORY, reported: there is no limit.
 * */
jlt_status runtime_close_within(struct runtime *runtime, int64_t timeout_ns);

/* Cancels what has not begun, answers all who wait for what has, with JLT_CANCELLED, and tells bodies to stop. */
void runtime_give_up(struct runtime *runtime);

/* Writes the names of the types whose bodies have begun and not ended, each with its number, as text of at most `room`
 * bytes. Returns how many bodies there are. */
unsigned runtime_running(struct runtime *runtime, char *text, size_t room);

static inline bool runtime_is_closed(const struct runtime *runtime)
{
    return atomic_load(&runtime->closed);
}

static inline bool runtime_is_cancelled(const struct runtime *runtime)
{
    /* relaxed: a message that slips through was begun just in time */
    return atomic_load_explicit(&runtime->cancelled, memory_order_relaxed);
}

/* relaxed: what begins or ends while that changes may be looked at or not */
static inline unsigned insight_of(const struct runtime *runtime)
{
    return atomic_load_explicit(&runtime->insight, memory_order_relaxed);
}

/* The worker that a type asks for; NULL: any. */
static inline struct worker *runtime_place(struct runtime *runtime, const struct type *type)
{
    if (type->fields.thread)
        return &runtime->workers[type->fields.thread - 1];
    return runtime->worker_count == 1 ? &runtime->workers[0] : NULL;
}

/* For closing.c and task.c. worker: NULL: any. False: it has ended. */
bool runtime_push(struct runtime *runtime, struct worker *worker, struct item *item);
void runtime_worker_ended(struct runtime *runtime);
void runtime_free_task(struct task *task);

#endif
