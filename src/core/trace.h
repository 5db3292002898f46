/* SPDX-License-Identifier: MIT
 *
 * The trace: what each thread does, in a ring of its own. The rules are at the top of trace.c. */
#ifndef JLT_CORE_TRACE_H
#define JLT_CORE_TRACE_H

#include "platform/platform.h"

#include <jltask.h>

struct fiber;
struct runtime;

enum trace_kind {
    TRACE_BODY,       /* of a message or a one-shot, from its begin to its reply */
    TRACE_INIT,       /* of a start */
    TRACE_EXIT,       /* of a task */
    TRACE_RESTART,    /* the init of a restart */
    TRACE_SEND,       /* at once, on the sender's thread */
    TRACE_SUSPEND,    /* at once */
    TRACE_SUSPENDED,  /* from the suspend to the resume */
    TRACE_COLLECTION, /* the pause */
};

/* A clock that is cheap to look at, in units of its own. */
static inline uint64_t trace_clock(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)platform_now();
#endif
}

/* Of a runtime's; under a lock, but for what is atomic. */
struct trace {
    uint64_t from_ticks, to_ticks;
    int64_t from_ns, to_ns; /* 0: never started */
};

void trace_start(struct runtime *runtime);
void trace_stop(struct runtime *runtime);

/* JLT_OK, JLT_NO_MEMORY, or JLT_INVALID_ARGUMENT: the descriptor cannot be written, and *error is the errno. */
jlt_status trace_write(struct runtime *runtime, int descriptor, int *error);

/* Any thread, while the trace is on: what began then has ended now. name: a type's, which is good for ever; or NULL.
 * track: of a fiber; 0: none. */
void trace_record(enum trace_kind kind, uint64_t begin, const char *name, uint32_t track, jlt_status status);

/* A collection that took ns has ended just now. */
void trace_collection(struct runtime *runtime, int64_t ns);

/* The number of a fiber's track: of its worker, among those that the worker has had. */
static inline uint32_t trace_track(unsigned worker, unsigned fiber)
{
    enum { first = 10000000, per_worker = 100000 }; /* no thread has so high a number */
    return first + worker * per_worker + fiber % per_worker;
}

#endif
