/* SPDX-License-Identifier: MIT
 *
 * A child made by fork from a process in which Julia has been started: it has the parent's memory, but of its threads
 * only the one that forked. Locks may be held there for ever, and descriptors are shared with the parent's Julia. So no
 * function of the library goes on in it: each looks here first, before it takes a lock or follows a handle. */
#ifndef JLT_CORE_FORK_H
#define JLT_CORE_FORK_H

#include <jltask.h>

#include <stdatomic.h>

extern atomic_bool fork_was_seen; /* fork.c's */

/* Whether this process is such a child. Relaxed: it is set by the child's only thread, before fork returns there. */
static inline bool fork_is_child(void)
{
    return __builtin_expect(atomic_load_explicit(&fork_was_seen, memory_order_relaxed), 0);
}

/* Reports JLT_CLOSED and says why. */
jlt_status fork_report(void);

/* Children are such children from now on, or not. One thread at a time. False: no memory. */
bool fork_watch(bool started);

/* In such a child, a body has returned to code that would go on with Julia: ends the process, with status 1. */
_Noreturn void fork_end(void);

#endif
