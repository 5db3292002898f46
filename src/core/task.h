/* SPDX-License-Identifier: MIT
 *
 * A persistent task: a mailbox, a state, counted handles. Idle, it is this struct and its roots, nothing else. */
#ifndef JLT_CORE_TASK_H
#define JLT_CORE_TASK_H

#include "core/gate.h"
#include "core/item.h"
#include "core/monitor.h"
#include "core/runtime.h"
#include "core/stats.h"
#include "core/type.h"

#include <stdalign.h>
#include <stddef.h>

struct failure;
struct fiber;
struct message;
struct name;
struct runtime;
struct worker;

/* What senders write, what all read, and what the owner writes are more than a cache line apart; between them is what
 * seldom changes. Lines are not begun with a task, since aligned blocks would double the memory of a small one. */
struct task {
    /* written by senders */
    struct item item;     /* first; among what is ready, while it has an owner (task.c) */
    struct inbox mailbox; /* of struct item */
    struct item dropped;  /* the last thing in the mailbox */
    atomic_uint readers;  /* who count what is in the mailbox (task.c); seldom any */
    atomic_bool taking;   /* the owner waits for them */
    atomic_bool live;     /* init succeeded and exit has not been run; the owner's, as the next two */
    bool last_dropped;    /* no handles: `dropped` was met */
    bool sealing;         /* the runtime closes: seal the mailbox when it is empty */
    struct item seal;     /* says in the mailbox that the runtime closes */

    /* set once, but for the counts */
    struct runtime *runtime;
    const struct type *type;
    struct gate *gate; /* behind the state; one of all tasks whose types have no capacity */
    atomic_long handles;
    atomic_int owners;            /* the handles, as one; and the worker */
    atomic_uint given_up;         /* messages in the mailbox or the batch that were given up before they had begun */
    struct failure *failure;      /* NULL: its type keeps going */
    _Atomic(struct name *) names; /* names.c */
    struct monitors monitors;

    /* the owner's */
    struct inbox_node *batch;     /* taken out of the mailbox, in order */
    struct task *previous, *next; /* among its live tasks */
    void *kept;                   /* what init rooted */
    atomic_uint waiting;          /* messages in the batch */
    atomic_uint ran_on;           /* the number of the worker that ran it last, from 1; 0: none has */
    atomic_uint takeovers;        /* how often that was another one */
    unsigned home;                /* the number of the worker that ran init, which lists it */
    struct tally tally;
    void *identity; /* what its code has left in its current task; or NULL */

    alignas(16) unsigned char state[];
};
_Static_assert(offsetof(struct task, runtime) - offsetof(struct task, mailbox) >= 64 &&
                   offsetof(struct task, batch) - offsetof(struct task, type) >= 64,
               "three lines, wherever they begin");

/* A new task that is owned by nobody's worker yet, with one handle (the one its start will deliver). JLT_NO_MEMORY or
 * JLT_CLOSED, not reported. */
jlt_status task_new(struct runtime *runtime, const struct type *type, struct task **made);

/* Puts the start, its first message, into the mailbox of a new task, which is owned by the caller from here on. */
void task_set_start(struct task *task, struct message *start);

/* The worker that its type asks for; NULL: any. */
static inline struct worker *task_place(const struct task *task)
{
    return runtime_place(task->runtime, task->type);
}

/* The owner's: among what is ready, where its type may run. False: that has ended. */
bool task_push(struct task *task);

/* Sends a message. JLT_OK: it will be completed. JLT_CLOSED: it is still the caller's. */
jlt_status task_send(struct task *task, struct message *message);

/* The same for several, which are linked by their nodes' `next`, the last one first. */
jlt_status task_send_many(struct task *task, struct message *first, struct message *last);

/* Any thread that has a handle, or knows otherwise that the task's memory is there: messages sent and not begun. */
unsigned task_queued(struct task *task);

struct task *task_clone(struct task *task);
void task_drop(struct task *task);

/* For one who has no handle, but knows that the task's memory is there. False: all handles are gone. */
bool task_try_clone(struct task *task);

/* The worker's: handles what is in the mailbox, one message after the other. True: there is more to do, but others
 * should have a turn first. False: done for now, or for ever; the task must not be touched any more. */
bool task_run(struct task *task, struct fiber *fiber);

/* When the runtime closes. seal: accept no more, once the mailbox is empty; of the worker that the task was placed on,
 * and true if the task was idle and is owned by the caller now, to be run once more. cancel: answers what waits behind
 * a body that is suspended on the calling thread. */
bool task_seal(struct task *task);
void task_cancel_waiting(struct task *task, struct worker *worker);

#endif
