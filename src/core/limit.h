/* SPDX-License-Identifier: MIT
 *
 * Limits of calls: a deadline, a canceller, or both. When the deadline passes, or the canceller is used, the limit
 * fires, once. What bounds the time of an answer never depends on a thread of Julia's: deadlines are timers (timers.h).
 *
 * Everything here is under the timers' lock, the firing included: who has removed a limit knows that it neither fires
 * nor will. */
#ifndef JLT_CORE_LIMIT_H
#define JLT_CORE_LIMIT_H

#include "core/timers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define limit_never INT64_MAX

enum limit_reason { LIMIT_LATE, LIMIT_CANCELLED };

struct limit {
    struct timer timer; /* first; of the deadline */
    /* Under the lock: must neither add nor remove limits, nor wait. */
    void (*fire)(struct limit *limit, enum limit_reason reason);
    void *owner;
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

#endif
