/* SPDX-License-Identifier: MIT
 *
 * Waiting awake for a moment before going to sleep, where that pays. A sleeping thread costs a wake-up, some ten
 * microseconds on an idle machine; so whoever waits spins for about that long first, which at worst doubles the wait
 * (A. Karlin et al., "Competitive snoopy caching", 1988). It adapts: each failure in a row halves how often it is
 * tried, down to every sixteenth wait (every 4096th of a thread that is bound to one processor), and a success makes
 * it normal again. There are never more threads of one kind
 * awake than there are processors to spare, and nothing spins without having waited for an event that may come soon:
 * idle means asleep. */
#ifndef JLT_CORE_SPIN_H
#define JLT_CORE_SPIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What one waiting thread, or worker, remembers. Zeroed at first. */
struct spinner {
    unsigned failures; /* in a row, up to a limit */
    unsigned skip;     /* waits until the next try */
};

/* Those who wait for the same kind of thing. */
struct spin_kind {
    atomic_int awake; /* relaxed: a limit that is right on the whole is enough */
};
extern struct spin_kind spin_clients, spin_workers;

/* How long to spin: nanoseconds; 0: as built in; negative: never. Once, before anybody waits. */
void spin_configure(int64_t ns);

/* How far apart the looks are, in cpu_relax()es of some tens of nanoseconds. Each look takes the cache line from the
 * core that will write to it, so one who is not in a hurry looks less often. */
enum spin_pace { SPIN_CLOSE = 1, SPIN_WIDE = 64 };

/* Waits awake until done(context) or the time has passed. True if it is done. */
bool spin_until(struct spinner *spinner, struct spin_kind *kind, enum spin_pace pace, bool (*done)(void *context),
                void *context);

#endif
