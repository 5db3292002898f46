/* SPDX-License-Identifier: MIT
 *
 * A worker is what one Julia thread does for jltask: it runs what is ready on fibers, one at a time. What may run
 * anywhere is in the runtime's queue (ready.h); what must run on this thread is in the worker's own inbox.
 *
 *   attention.c   who looks at what is ready, and who sleeps
 *   express.c     a call that is looked for where the last one was
 *   pump.c        what a fiber does between bodies
 *   body.c        running a body
 *   closing.c     live tasks, and how a worker ends */
#ifndef JLT_CORE_WORKER_H
#define JLT_CORE_WORKER_H

#include "base/spinlock.h"
#include "core/item.h"
#include "core/ready.h"
#include "core/spin.h"
#include "core/stats.h"
#include "core/timers.h"

#include <jltask.h>

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct message;
struct runtime;
struct task;
struct worker;

/* What a fiber's body does, as far as is known: one that waits in Julia while nothing else comes to its thread is
 * thought to run. */
enum standing { FIBER_RUNS, FIBER_WAITS_FOR_REPLY, FIBER_WAITS_FOR_ROOM, FIBER_WAITS, FIBER_WAITS_IN_JULIA };

/* The engine's own fiber starts with this. */
struct fiber {
    struct worker *worker;
    struct fiber *next;      /* among the parked */
    bool guest;              /* never in the pump: core/guest.h */
    const struct item *runs; /* whose body: its task, or the message that is a start or a one-shot (ring.c) */
    bool in_row;             /* in a body, or between two of a row (body.h) */
    unsigned row;            /* how many bodies of it were begun */
    unsigned row_turns;      /* how many things that were ready were ended in it */
    int64_t row_start;       /* ns, if its time is taken; 0: it is not */

    struct message *message;           /* whose body it runs; NULL: none */
    _Atomic(const struct type *) type; /* the same, of the body; relaxed: for others to say what runs */
    struct parker *interruptible;      /* it waits in jltask, and can be told to stop */
    bool interrupted;                  /* ... the body has been told */
    bool is_here;                      /* among its worker's */
    uint32_t track;                    /* in traces (trace.h) */
    uint64_t suspended_at;             /* by trace_clock; 0: it is not, or nobody traces */
    atomic_uchar standing;             /* enum standing; relaxed, as the next two: for others to say */
    _Atomic int64_t since_ns;          /* ... since when; of one that runs, give or take some bodies */
    _Atomic(const char *) awaits;      /* ... the type's name; NULL: unknown */
    struct fiber *before, *after;
};

enum worker_flag {
    WORKER_ATTENTIVE = 1, /* a fiber is in the pump, outside bodies, and will look at the inbox */
    WORKER_STANDBY = 2,   /* a fiber will enter the pump as soon as the thread is free */
    WORKER_RUNG = 4,      /* the doorbell was rung and has not been answered */
    WORKER_WANTING = 8,   /* ... because a standby could not be made for lack of memory */
    WORKER_ENDED = 16,    /* nobody rings any more */
};

struct worker {
    /* written by senders */
    alignas(64) struct inbox inbox;
    atomic_uint flags;
    atomic_uint ringers; /* threads that may be ringing the doorbell */

    alignas(64) struct runtime *runtime;
    void *engine_data;
    unsigned number; /* among the runtime's, from 0 */

    /* the worker's own: only the fiber that runs on its thread touches these */
    struct message *expected;        /* NULL: none (express.h) */
    struct inbox_list own;           /* what was taken out of the inbox, in order */
    bool own_next;                   /* whether that comes before the runtime's queue, the next time */
    struct ahead ahead;              /* of the runtime's queue (ready.h) */
    bool looks;                      /* it has the lookout, and is not away */
    bool awake;                      /* as far as is known (attention.c) */
    bool slow;                       /* bodies take long (body.c); so it is until one was timed */
    unsigned time_in;                /* rows until the next that is timed */
    int64_t body_ns, turn_ns;        /* what each body, and each thing that was ready, took in the last timed row */
    struct turn *turns;              /* tasks being run on its fibers */
    unsigned bodies, bodies_at_most; /* fibers inside a body */
    struct inbox_list held;          /* while it is full: what would begin a body, in order */
    unsigned clock_every, clock_in;  /* how often the clock is read, in bodies; how many until then */
    int64_t yield_at;                /* ns: let Julia's other tasks run */
    bool yield_due;                  /* ... which is now */
    bool ended;
    bool lingered; /* for a task, in vain: no use in waiting awake again */
    struct spinner spinner;
    struct fiber *running; /* whose turn it is on the thread, as far as is known (insight.h) */
    unsigned tracks;       /* given to fibers */
    atomic_uint fibers;    /* that have been in the pump and have not ended; relaxed, only told */
    struct worker_stats stats;

    unsigned waits;           /* of its bodies for bodies; under ring.c's lock */
    atomic_bool full;         /* bodies is bodies_at_most, and it begins none (attention.c); the worker's to change */
    struct spinlock lock;     /* guards parked: doorbells are answered on any engine thread */
    struct fiber *parked;     /* last parked first */
    atomic_uint parked_count; /* also read without the lock, as a hint */
    atomic_uint guests;       /* that wait for this worker to wake them */

    /* the tasks whose starts were run here; under the lock, since others may run them now */
    struct spinlock tasks_lock;
    bool closing; /* changed by this worker under the lock */
    struct task *tasks;
    atomic_uint task_count; /* changed under the lock */
    struct item close, cancel;

    struct item interrupt;
    atomic_bool interrupting;     /* ... is in the inbox */
    struct timer interrupt_again; /* ... is to be then (interrupt.c) */
    int64_t interrupt_in_ns;      /* ... from the next time that it was in vain */
    struct fiber *fibers_here;    /* all that were in the pump; under the lock */
    bool has_no_fibers;           /* the worker has ended, and they are not its own to list; under the lock */
};

/* A task that a fiber is running. */
struct turn {
    struct task *task;
    struct turn *previous, *next; /* among the worker's */
};

enum pump_result {
    PUMP_PARK,  /* the fiber waits until it is scheduled */
    PUMP_YIELD, /* the fiber lets others on its thread run and comes back */
    PUMP_EXIT,  /* the fiber is not needed any more */
};

/* The fiber's main loop: runs what is ready. */
enum pump_result worker_pump(struct worker *worker, struct fiber *fiber);

/* The worker's fiber, when the worker is not full any more: what was held comes before all else of its own. */
void worker_take_back_held(struct worker *worker);

/* For the owner of a task that has nothing more to do: waits awake for a moment, where that pays, for more in its
 * mailbox. A sender that finds it owned has only the mailbox to write to. False: nothing came. */
bool worker_linger(struct worker *worker, const struct inbox *mailbox);

/* The fiber's worker runs a task from here on, or no longer. */
void worker_begin_turn(struct worker *worker, struct turn *turn);
void worker_end_turn(struct worker *worker, struct turn *turn);

#endif
