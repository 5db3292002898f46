/* SPDX-License-Identifier: MIT
 *
 * Any thread: what a runtime has done and is doing: statistics as a struct and as text for Prometheus, a trace, a
 * dump. All of it may be asked for by any thread at any time, also when Julia has ended, and never waits for a Julia
 * thread. */
#ifndef JLTASK_INSIGHT_H
#define JLTASK_INSIGHT_H

#include "status.h"

JLT_BEGIN_DECLARATIONS

/* ---- statistics --------------------------------------------------------------------------------------- */

/* Times, in nanoseconds. Half of them, nine in ten, and so on, were no longer than p50, p90, p99, which are off by at
 * most a sixteenth; count, max and sum are exact. p50 <= p90 <= p99 <= max. */
typedef struct jlt_histogram {
    uint64_t count, p50, p90, p99, max;
    uint64_t sum;
} jlt_histogram;

enum { JLT_STATUSES_AT_MOST = 32 };

/* Of the runtime, of one of the threads that run tasks, or of a persistent task. What ends before a reply is seen is in
 * the counts of who has seen it. A count that makes no sense for what it is asked of is 0. */
typedef struct jlt_stats {
    uint64_t messages; /* bodies of messages and one-shots that ended; no starts; each try of a retry is one */
    uint64_t failures; /* of these, not JLT_OK */
    uint64_t tasks;    /* persistent tasks that live: init has succeeded, exit has not begun */
    uint64_t threads;  /* that run tasks */
    uint64_t queued;   /* messages and one-shot tasks sent and not begun; not of a thread, since most may run on any */
    jlt_histogram run_ns;  /* from a body's begin to the reply, the time that it was suspended included */
    jlt_histogram wait_ns; /* from the sending to the begin. Both: with options.timings, else empty */
    uint64_t failures_by_status[JLT_STATUSES_AT_MOST]; /* by jlt_status */
    uint64_t restarts;                                 /* of tasks that failed */
    uint64_t takeovers;     /* times that a task went on with its messages on another thread than before */
    uint64_t fibers;        /* stacks for bodies that there are */
    uint64_t collections;   /* of Julia's memory; the runtime's alone, as all that follow */
    uint64_t collection_ns; /* their pauses together, as Julia counts them, from its start on */
    jlt_histogram pause_ns; /* each collection's, with options.timings */
    uint64_t bytes;         /* that Julia's heap has in use, as of the last collection */
} jlt_stats;

/* Fills *stats. The numbers of a runtime that is at work are from slightly different times. Reading costs as much as
 * there are types and threads; counting one of a task's messages a few nanoseconds and no shared cache line. With
 * options.timings a message costs three looks at the clock and each task some 6 KiB from its first message on.
 * jlt_runtime_thread_stats: thread counts from 1, as in a type. jlt_persistent_stats: good as long as the caller has
 * the handle, also when the task has ended; while it counts what is queued, the task does not take it.
 * Any thread, and bodies. JLT_INVALID_ARGUMENT for NULL and a thread that there is not. */
static inline jlt_status jlt_runtime_stats(jlt_runtime *runtime, jlt_stats *stats);
static inline jlt_status jlt_runtime_thread_stats(jlt_runtime *runtime, size_t thread, jlt_stats *stats);
static inline jlt_status jlt_persistent_stats(jlt_persistent *task, jlt_stats *stats);

/* Writes the statistics in Prometheus's text format (version 0.0.4) with a NUL behind. *length: in, the room; out, the
 * bytes without the NUL. Counts of messages are by type: those of types with the same name are one series.
 * JLT_FULL: *length is the room needed, which may grow, and text is as it was; it may be NULL for a room of 0.
 * Any thread, and bodies. JLT_INVALID_ARGUMENT for NULL, JLT_NO_MEMORY. */
JLT_API jlt_status jlt_stats_prometheus(jlt_runtime *runtime, char *text, size_t *length);

/* ---- trace -------------------------------------------------------------------------------------------- */

/* From start to stop each thread writes down what it does, at some ten nanoseconds an event and, from its first event
 * on, half a MiB of memory; the newest 16384 events of each thread are kept. Start forgets what was recorded before. A
 * stop without a start, and a second start, are no failures. Any thread. JLT_INVALID_ARGUMENT for NULL. */
JLT_API jlt_status jlt_trace_start(jlt_runtime *runtime);
JLT_API jlt_status jlt_trace_stop(jlt_runtime *runtime);

/* Writes what was recorded to a file descriptor, in the Trace Event Format (JSON), which https://ui.perfetto.dev and
 * chrome://tracing open. Each message and one-shot task that ended is one complete event ("X") named as its type, on a
 * track of the fiber that ran it; inside it are "suspended", as long as it waited (in Julia, from when another body
 * came to the thread: else nobody sees it), a mark "suspend" at its begin, and its failure, named as its status. Beside
 * them: "send <type>", on the sending thread; "init <type>" and "exit <type>"; "restart <type>"; "collection". Also
 * while the trace goes on. Any thread. The descriptor stays open; it is written at its position, and waited for if it
 * does not block. JLT_INVALID_ARGUMENT for NULL and for a descriptor that cannot be written (the message says why),
 * JLT_NO_MEMORY. */
JLT_API jlt_status jlt_trace_write(jlt_runtime *runtime, int descriptor);

/* ---- dump --------------------------------------------------------------------------------------------- */

/* Writes to a file descriptor what the process's runtime is doing, as text for people: the runtime; each thread that
 * runs tasks; each live persistent task with its type's name, what its body does or waits for and since when, and how
 * many messages are queued; and the other bodies. Meant for a program that hangs: from a debugger ("call
 * (int)jlt_dump(2)"), or from a signal handler. It only uses write(2) and memory that is there, waits for no lock, and
 * says what it could not look at because it was in use. While it writes, tasks cannot be started or end, so the
 * descriptor should not block. A body that waits in Julia (sleep, fetch, a lock) is told from one that computes only
 * if its thread has run another body meanwhile; the time of one that runs is right to some milliseconds, or bodies.
 * The format may change. Any thread, bodies, and signal handlers; jlt_error_message() and errno stay as they were.
 * JLT_PENDING: another dump is under way. JLT_INVALID_ARGUMENT: the descriptor cannot be written. JLT_CLOSED in a
 * forked child. */
JLT_API jlt_status jlt_dump(int descriptor);

/* ---- which Julia -------------------------------------------------------------------------------------- */

/* A Julia that a start comes across. The texts are good until `tell` returns. */
typedef struct jlt_candidate {
    const char *source;     /* what names it: "options.julia", "JLTASK_JULIA", "PATH" */
    const char *path;       /* as it is named there */
    bool used;              /* a start would use it */
    const char *reason;     /* why it would not; "" */
    const char *executable; /* of the one that is used; else "", as the next two */
    const char *library;    /* libjulia */
    const char *image;      /* the system image */
} jlt_candidate;

/* Tells which Julia a start with options.julia = julia (may be NULL) would use, and what it would pass over and why, in
 * the order of preference. Nothing is started, but for a julia whose installation is not as usual: that is run once and
 * asked. Any thread, also before a start; not from a body. JLT_OK: one is used. JLT_NO_JULIA: none; the message is that
 * of a start. JLT_INVALID_ARGUMENT for NULL as tell. */
JLT_API jlt_status jlt_julia_find(const char *julia, void (*tell)(void *context, const jlt_candidate *candidate),
                                  void *context);

/* ---- beneath the inline functions --------------------------------------------------------------------- */

JLT_API jlt_status jlt_runtime_stats_sized(jlt_runtime *runtime, jlt_stats *stats, size_t stats_size);
JLT_API jlt_status jlt_runtime_thread_stats_sized(jlt_runtime *runtime, size_t thread, jlt_stats *stats,
                                                  size_t stats_size);
JLT_API jlt_status jlt_persistent_stats_sized(jlt_persistent *task, jlt_stats *stats, size_t stats_size);

static inline jlt_status jlt_runtime_stats(jlt_runtime *runtime, jlt_stats *stats)
{
    return jlt_runtime_stats_sized(runtime, stats, sizeof(jlt_stats));
}

static inline jlt_status jlt_runtime_thread_stats(jlt_runtime *runtime, size_t thread, jlt_stats *stats)
{
    return jlt_runtime_thread_stats_sized(runtime, thread, stats, sizeof(jlt_stats));
}

static inline jlt_status jlt_persistent_stats(jlt_persistent *task, jlt_stats *stats)
{
    return jlt_persistent_stats_sized(task, stats, sizeof(jlt_stats));
}

JLT_END_DECLARATIONS

#endif
