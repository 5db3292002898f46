/* SPDX-License-Identifier: MIT
 *
 * Waiting for one event, the same way from a client's thread (which sleeps) and from a task's body (whose fiber is
 * suspended, so that its Julia thread goes on with others). A parker lives on the waiter's stack, for one wait. */
#ifndef JLT_CORE_PARKER_H
#define JLT_CORE_PARKER_H

#include "core/guest.h"
#include "core/item.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct fiber;
struct worker;

struct parker {
    alignas(16) struct item item; /* how the wake-up reaches the fiber's own thread; alignment: message.h */
    struct fiber *fiber;          /* NULL: a thread waits */
    struct worker *waker;         /* the fiber's, or a guest's that does not end before it is woken */
    atomic_uint state;            /* enum parker_state */
    struct guest_room room;
};

enum parker_state { PARKER_WAITING, PARKER_WOKEN, PARKER_TIMED_OUT };

/* Whether a wait of the caller's would suspend a fiber, not its thread. */
bool parker_suspends(void);

/* Before parker_init, where the caller can still turn back: whether a wait with this time limit (negative: none) can be
 * carried through. JLT_OK, or why not, reported: on a Julia thread there may be no stack left for it. */
jlt_status parker_prepare(int64_t timeout_ns);

/* Prepares a wait of the calling thread, fiber or guest (no lock may be held: core/guest.h). parker_wait or parker_drop
 * must follow. */
void parker_init(struct parker *parker);

/* Instead of parker_wait, when there is nothing to wait for, and nobody knows of the parker. */
void parker_drop(struct parker *parker);

/* Waits for parker_wake, at most timeout_ns nanoseconds (negative: no limit). True if it came. If not, the caller
 * makes sure that it will not come any more, or calls parker_wait_late. */
bool parker_wait(struct parker *parker, int64_t timeout_ns);

/* A body is told to stop when its message is given up, once: by the end of its wait, or at its next one if it is not in
 * any. parker_is_to_stop: before a wait, whether to turn back at once for that. parker_wait_interruptibly: parker_wait,
 * which may also end with *stopped; then the caller does as after a wait that timed out. */
bool parker_is_to_stop(void);
bool parker_wait_interruptibly(struct parker *parker, int64_t timeout_ns, bool *stopped);

/* After a wait that timed out although somebody has already decided to wake it: until that has happened. */
void parker_wait_late(struct parker *parker);

/* Ends the wait, now or to come. Any thread, once; the parker may be gone when this returns. */
void parker_wake(struct parker *parker);

/* For the engine, when a suspended fiber's time has passed. An engine thread. */
void parker_timed_out(struct parker *parker);

#endif
