/* SPDX-License-Identifier: MIT
 *
 * Errors of the program that uses the library, and counts of what is alive (in builds with JLT_CHECKS). Every build
 * aborts where going on would corrupt memory; a build with JLT_CHECKS also where others answer with a status. */
#ifndef JLT_BASE_CHECKS_H
#define JLT_BASE_CHECKS_H

#include <stdatomic.h>
#include <stdint.h>

#ifdef JLT_CHECKS
enum { checks_enabled = 1 };
#else
enum { checks_enabled = 0 };
#endif

/* Ends the process with "jltask: <call>: <rule>" on stderr. */
_Noreturn void checks_abort(const char *call, const char *rule);

/* Live objects, for jlt_debug_counts: relaxed, since they only have to be right when all threads that change them
 * have been joined or have otherwise synchronised with the reader. */
struct counts {
    _Atomic int64_t tasks, messages, receivers, errors, held;
};
extern struct counts live_counts;

#ifdef JLT_CHECKS
#define COUNT(what, change) ((void)atomic_fetch_add_explicit(&live_counts.what, (change), memory_order_relaxed))
#else
#define COUNT(what, change) ((void)0)
#endif

#endif
