/* SPDX-License-Identifier: MIT
 *
 * A worker is what one Julia thread does for jltask: it owns an inbox of things that are ready, and runs them on
 * fibers, one at a time. The rules that keep it live are at the top of worker.c. */
#ifndef JLT_CORE_WORKER_H
#define JLT_CORE_WORKER_H

#include "base/spinlock.h"
#include "core/item.h"
#include "core/spin.h"

#include <jltask.h>

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct message;
struct runtime;
struct task;
struct worker;

/* The engine's own fiber starts with this. */
struct fiber {
    struct worker *worker;
    struct fiber *next; /* among the parked */
    bool guest;         /* never in the pump: core/guest.h */
};

enum worker_flag {
    WORKER_ATTENTIVE = 1, /* a fiber is in the pump, outside bodies, and will look at the inbox */
    WORKER_STANDBY = 2,   /* a fiber will enter the pump as soon as the thread is free */
    WORKER_RUNG = 4,      /* the doorbell was rung and has not been answered */
    WORKER_WANTING = 8,   /* ... because a standby could not be made for lack of memory */
    WORKER_ENDED = 16,    /* nobody rings any more */
    WORKER_BUSY = 32,     /* the last fiber that was in the pump is inside a body, perhaps suspended there */
};

struct worker {
    /* written by senders */
    alignas(64) struct inbox inbox;
    atomic_uint flags;
    atomic_uint ringers; /* threads that may be ringing the doorbell */

    alignas(64) struct runtime *runtime;
    void *engine_data;

    /* what was taken out of the inbox, in order; under the lock if there are several workers, who may take from it */
    struct spinlock ready_lock;
    _Atomic(struct inbox_node *) ready; /* changed under the lock, looked at without it */
    struct inbox_node *ready_last;

    /* the tasks that were placed here; under the lock, since others may run them */
    struct spinlock tasks_lock;
    bool closing; /* changed by this worker under the lock */
    struct task *tasks;

    /* the worker's own: only the fiber that runs on its thread touches these */
    struct turn *turns;             /* tasks being run on its fibers */
    unsigned bodies;                /* fibers inside a body */
    unsigned clock_every, clock_in; /* how often the clock is read, in bodies; how many until then */
    int64_t yield_at;               /* ns: let Julia's other tasks run */
    bool yield_due;                 /* ... which is now */
    bool ended;
    bool lingered; /* for a task, in vain: no use in waiting awake again */
    struct spinner spinner;

    atomic_uint fibers;       /* that exist; relaxed, for the limit */
    struct spinlock lock;     /* guards parked: doorbells are answered on any engine thread */
    struct fiber *parked;     /* last parked first */
    atomic_uint parked_count; /* also read without the lock, as a hint */
    atomic_uint guests;       /* that wait for this worker to wake them */

    struct item close, cancel;
    atomic_long load; /* tasks with handles (task.c) */
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

void worker_init(struct worker *worker, struct runtime *runtime);

/* Any thread: hands an item over, waking the worker if it sleeps. False: the worker has ended. */
bool worker_push(struct worker *worker, struct item *item);

/* The fiber's main loop: runs what is ready. */
enum pump_result worker_pump(struct worker *worker, struct fiber *fiber);

/* The engine answers a ring. Any engine thread. */
void worker_doorbell(struct worker *worker);

/* A guest is about to wait, and did not; one that is woken is counted off by the pump. Any thread. */
void worker_add_guest(struct worker *worker);
void worker_remove_guest(struct worker *worker);

/* Around every call of a function of the user's, or several in a row with worker_count_body between them. */
void worker_begin_body(struct worker *worker);
void worker_end_body(struct worker *worker);
void worker_count_body(struct worker *worker);

/* Runs the body of a message and completes it. state: the task's; NULL for a one-shot task. The bodies of messages that
 * their owner has together are a row, one body for those who look at the worker: in_row says that this is not the
 * first, *rest that more follow, and the result whether the row goes on; if it does, whoever does not go on with it
 * calls worker_end_body. A small output is written on the fiber's stack first, and so the message's line once. */
bool worker_run_message(struct fiber *fiber, struct message *message, void *state, bool in_row,
                        struct inbox_node *const *rest);

/* For the owner of a task that has nothing more to do: waits awake for a moment, where that pays, for more in its
 * mailbox. A sender that finds it owned has only the mailbox to write to. False: nothing came. */
bool worker_linger(struct worker *worker, const struct inbox *mailbox);

/* Any worker's fiber: puts a task on the list of the worker that it was placed on, or takes it off. add: true if that
 * worker is closing, and has gone through its list. */
bool worker_add_task(struct worker *worker, struct task *task);
void worker_remove_task(struct worker *worker, struct task *task);

/* The fiber's worker runs a task from here on, or no longer. */
void worker_begin_turn(struct worker *worker, struct turn *turn);
void worker_end_turn(struct worker *worker, struct turn *turn);

#endif
