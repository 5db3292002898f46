/* SPDX-License-Identifier: MIT
 *
 * Waiting awake for a moment before going to sleep, where that pays. A sleeping thread costs a wake-up, which takes
 * some fifty microseconds where a core has halted; so whoever waits spins for about that long first, which at worst
 * doubles the wait (A. Karlin et al., "Competitive snoopy caching", 1988). What comes is guessed from what came: if one
 * of the last two waits was short, sleep included, and two in a row were not tried in vain, the next is tried awake,
 * for up to twice as long as that took; else only every sixteenth is (every 4096th of a thread that is bound to one
 * processor). Workers that are awake are counted, and so are clients that wait: where they are more than the processors
 * that the process may use (affinity, cgroup quota), whoever waits gives its processor away at each look, to one that
 * has work. Nothing waits awake that does not wait for an event that may come soon: idle means asleep. */
#ifndef JLT_CORE_SPIN_H
#define JLT_CORE_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/* What one waiting thread, or worker, remembers. Zeroed at first. */
struct spinner {
    int64_t began_ns;   /* when it went to sleep, or began to spin before that; 0: it did not sleep */
    int64_t last_ns[2]; /* what its last waits took, the last one first; 0: too short to be timed, or unknown */
    unsigned skip;      /* waits until one is tried although they were long */
    unsigned failures;  /* tries in a row that were in vain, up to a limit */
};

enum spin_kind { SPIN_CLIENT, SPIN_WORKER };

/* How long to spin: nanoseconds; 0: as seen; negative: never. Once, before anybody waits. */
void spin_configure(int64_t ns);

/* A worker is awake from here on, or not. */
void spin_count_worker(bool awake);

/* How far apart the looks are, in cpu_relax()es of some tens of nanoseconds. Each look takes the cache line from the
 * core that will write to it, so one who is not in a hurry looks less often. */
enum spin_pace { SPIN_CLOSE = 1, SPIN_WIDE = 64 };

/* Waits awake until done(context) or the time has passed. True if it is done; else the caller sleeps now, and calls
 * spin_slept after that. */
bool spin_until(struct spinner *spinner, enum spin_kind kind, enum spin_pace pace, bool (*done)(void *context),
                void *context);
void spin_slept(struct spinner *spinner);

#endif
