/* SPDX-License-Identifier: MIT
 *
 * What a task has whose type restarts or stops it when a message fails. The others have none of it. */
#ifndef JLT_CORE_FAILURE_H
#define JLT_CORE_FAILURE_H

#include "base/error.h"
#include "core/timers.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>

struct message;
struct task;

struct failure {
    struct timer timer; /* of the back-off */
    struct task *task;
    bool woken; /* under the timers' lock: the back-off is not to be waited for, or the mailbox looked at again */

    /* the owner's (task.c) */
    bool down;                 /* exit has been run, and init not again yet */
    _Atomic uint32_t restarts; /* in the task's whole life */
    int64_t until_ns;          /* of the back-off */
    size_t recent, room;       /* restarts that are in the window still, and places in `times` */
    int64_t *times;            /* when they were, oldest first; NULL where the window is the whole life */
    struct message *message;   /* that failed and is not answered yet; or NULL */
    struct error *error;       /* its failure */

    _Atomic(struct error *) cause; /* why the task has ended; NULL: it has not, or not for a failure */

    alignas(16) unsigned char config[]; /* of the start, for a type that restarts */
};

/* For a new task whose type asks for it. JLT_NO_MEMORY or JLT_CLOSED, not reported. */
jlt_status failure_new(struct task *task, struct failure **failure);

/* NULL is ignored. */
void failure_free(struct failure *failure);

void failure_keep_config(struct failure *failure, const void *config);

/* The owner: a message has failed. True: the task may be restarted, which is counted, after the back-off that begins
 * now; false: it is to stop. */
bool failure_may_restart(struct failure *failure);

/* The owner of a task that is down. */
enum back_off { BACK_OFF_OVER, BACK_OFF_AGAIN, BACK_OFF_WAITS };

/* OVER: it is time to restart. AGAIN: something may have changed; the caller looks, and asks again. WAITS: the task is
 * the timer's now, which hands it over when the time has come; the caller must not touch it any more. */
enum back_off failure_back_off(struct failure *failure);

/* Who has changed what a task that backs off should know of, its last handle's drop or the close. True: it was backing
 * off, and is the caller's now. Any thread. */
bool failure_wake(struct failure *failure);

/* JLT_CLOSED for what a task does not do any more, with the cause in the message if it has ended for a failure. Any
 * thread. */
struct error *failure_closed(const struct task *task);

#endif
