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
};

struct worker {
    /* written by senders */
    alignas(64) struct inbox inbox;
    atomic_uint flags;
    atomic_uint ringers; /* threads that may be ringing the doorbell */
    char separate[64 - sizeof(struct inbox) - 2 * sizeof(atomic_uint)];

    struct runtime *runtime;
    void *engine_data;

    /* the worker's own: only the fiber that runs on its thread touches these */
    struct inbox_node *ready, **ready_end; /* what was taken out of the inbox, in order */
    struct task *tasks;                    /* live ones */
    unsigned bodies;                       /* fibers inside a body */
    unsigned clock_every, clock_in;        /* how often the clock is read, in bodies; how many until then */
    int64_t yield_at;                      /* ns: let Julia's other tasks run */
    bool yield_due;                        /* ... which is now */
    bool closing, ended;

    struct spinner spinner;

    atomic_uint fibers;       /* that exist; relaxed, for the limit */
    struct spinlock lock;     /* guards parked: doorbells are answered on any engine thread */
    struct fiber *parked;     /* last parked first */
    atomic_uint parked_count; /* also read without the lock, as a hint */
    atomic_uint guests;       /* that wait for this worker to wake them */

    struct item close, cancel;
    atomic_long load; /* tasks with handles (task.c) */
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

/* Around every call of a function of the user's. */
void worker_begin_body(struct worker *worker);
void worker_end_body(struct worker *worker);

/* worker_end_body after the body of a message: closes its frame and completes it. frame NULL: there was no memory for
 * one, and the body was not run. */
void worker_end_message(struct worker *worker, struct message *message, jlt_frame *frame);

void worker_add_task(struct worker *worker, struct task *task);
void worker_remove_task(struct worker *worker, struct task *task);

#endif
