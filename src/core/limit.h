/* SPDX-License-Identifier: MIT
 *
 * Limits of calls: a deadline, a canceller, or both. When the deadline passes, or the canceller is used, the limit
 * fires, once. A thread of this file's own waits for the earliest deadline; it is made with the first, and asleep while
 * there is none. What bounds the time of an answer so never depends on a thread of Julia's.
 *
 * Everything here is under one lock, the firing included: who has removed a limit knows that it neither fires nor will.
 * Locks of gates and workers may be taken under it, not the other way round. */
#ifndef JLT_CORE_LIMIT_H
#define JLT_CORE_LIMIT_H

#include <jltask.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define limit_never INT64_MAX

enum limit_reason { LIMIT_LATE, LIMIT_CANCELLED };

struct limit {
    /* Under the lock: must neither add nor remove limits, nor wait. */
    void (*fire)(struct limit *limit, enum limit_reason reason);
    void *owner;
    int64_t deadline;
    size_t at; /* in the heap of deadlines, from 1; 0: it is not there */
    struct canceller *canceller;
    struct limit *previous, *next; /* among the canceller's */
};

/* Any thread. deadline: by platform_now, or limit_never. canceller may be NULL. A canceller that was used already fires
 * the limit before this returns. JLT_OK, or JLT_NO_MEMORY, not reported: there is no limit. */
jlt_status limit_add(struct limit *limit, void *owner, int64_t deadline, struct canceller *canceller,
                     void (*fire)(struct limit *limit, enum limit_reason reason));

/* Any thread; also of a limit that has fired. */
void limit_remove(struct limit *limit);

/* The deadline of a call that is made now and has timeout_ns; 0 and less: none. */
int64_t limit_deadline(int64_t timeout_ns);

/* Cancellers are counted: the user's handle, and each limit that has it. NULL: no memory. */
struct canceller *canceller_new(void);
void canceller_cancel(struct canceller *canceller);
void canceller_drop(struct canceller *canceller);

/* When no deadlines come any more: the thread ends. It starts again if one comes after all. */
void limits_stop(void);

#endif
