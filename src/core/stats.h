/* SPDX-License-Identifier: MIT
 *
 * What is counted, and where. A message is counted where it ends: in its task, and in the tally that the worker has for
 * its type; both are lines of the worker's thread, so nothing is shared for it. Sums are made when they are asked for.
 *
 * Queued is what was sent (account.h) and has neither begun (the worker's) nor been given up before it had. A reader
 * adds up first the one and then the other, and once more if the other has changed meanwhile. So the difference is
 * exact when nothing is under way, and else, where many come and go, rather too small.
 *
 * The queue of one task is not counted by its senders, which have no line of their own there: a reader counts what is
 * in the mailbox, while the owner, if it takes that, waits before it touches it (task.c). */
#ifndef JLT_CORE_STATS_H
#define JLT_CORE_STATS_H

#include "base/histogram.h"
#include "base/spinlock.h"
#include "core/account.h"

#include <stdbool.h>

struct runtime;
struct task;
struct type;
struct worker;

enum {
#define STATS_COUNT(name, text) +1
    stats_statuses = 0 JLT_STATUS_MAP(STATS_COUNT),
#undef STATS_COUNT
    stats_rows = 28,
};
_Static_assert((int)stats_statuses <= (int)JLT_STATUSES_AT_MOST, "each status has its place");

struct timed {
    struct histogram run, wait;
};

/* Messages of one kind. The pointers are NULL until they are needed, and where there was no memory. */
struct tally {
    _Atomic uint64_t messages, failures;
    _Atomic(_Atomic uint64_t *) by_status; /* stats_statuses of them */
    _Atomic(struct timed *) timed;
};

/* One worker's, of one type. */
struct type_tally {
    alignas(64) struct tally tally;
    const struct type *type;
};

/* Rows of pointers, each twice as long as the one before, so that none is ever moved. */
typedef _Atomic(struct type_tally *) type_tallies;

struct worker_stats {
    _Atomic uint64_t begun, restarts, takeovers;
    struct type_tally *last;                  /* that was counted in; the worker's own */
    _Atomic(type_tallies *) rows[stats_rows]; /* by types' numbers */
    struct tally lost;                        /* of types for which there was no memory */
};

/* What of a runtime is timed or traced; a bit each. */
enum insight { INSIGHT_TIMED = 1, INSIGHT_TRACED = 2 };

/* Of a runtime, changed by any thread. */
struct runtime_stats {
    _Atomic uint64_t sent_before; /* of accounts, when it was made */
    _Atomic uint64_t given_up;
    _Atomic uint64_t collections;
    _Atomic(struct histogram *) pauses; /* NULL: not timed */
    struct spinlock pauses_lock;
    uint64_t (*collection_ns)(void); /* of the engine; NULL: it has no collections */
    int64_t (*live_bytes)(void);
};

/* What a message's body was, when it has ended. Times in nanoseconds; run_ns negative: not timed; wait_ns negative:
 * unknown. */
struct body_end {
    jlt_status status;
    int64_t run_ns, wait_ns;
};

/* The worker's thread. task: NULL for a one-shot. */
void stats_body_ended(struct worker *worker, const struct type *type, struct task *task, struct body_end end);

/* The worker's thread, when it takes a message or one-shot that will not be given up before its body. */
static inline void stats_begun(struct worker_stats *stats)
{
    count_own(&stats->begun, 1);
}

void tally_finish(struct tally *tally);

/* The runtime is made; and before it is used, if it is to be timed (JLT_NO_MEMORY); and it has ended and nobody will
 * ask. */
void stats_init(struct runtime *runtime);
jlt_status stats_time(struct runtime *runtime);
void stats_finish(struct runtime *runtime);

/* An engine's thread: a collection has ended. */
void stats_collection(struct runtime *runtime, int64_t pause_ns);

/* Any thread. */
uint64_t stats_queued(const struct runtime *runtime);
void stats_of_runtime(const struct runtime *runtime, jlt_stats *stats);
void stats_of_worker(const struct worker *worker, jlt_stats *stats);
void stats_of_task(struct task *task, jlt_stats *stats);

/* One type's, or several types' of one name, of all workers. */
struct type_sum {
    uint64_t messages, failures[stats_statuses];
    struct histogram_sum run, wait;
};
void stats_add_type(const struct runtime *runtime, const struct type *type, struct type_sum *sum);

#endif
