/* SPDX-License-Identifier: MIT
 *
 * Client side: who is told that a task has ended, and names of tasks. */
#ifndef JLTASK_SUPERVISION_H
#define JLTASK_SUPERVISION_H

#include "tasks.h"

JLT_BEGIN_DECLARATIONS

/* Why a persistent task has ended. */
typedef enum jlt_end_reason {
    JLT_END_DROPPED = 1, /* its last handle was dropped */
    JLT_END_FAILED,      /* a message failed, or init in a restart, and its type let it end for that */
    JLT_END_CLOSED       /* the runtime was closed */
} jlt_end_reason;

typedef struct jlt_end {
    int reason;        /* jlt_end_reason */
    jlt_status status; /* of the failure; JLT_OK where there was none */
    uint32_t restarts; /* in the task's whole life */
} jlt_end;

/* A receiver whose reply comes when the task has ended, after its exit: JLT_OK, and the output is a jlt_end. Or
 * JLT_CANCELLED, at the limit of jlt_runtime_close_within, which ends all waits, where the task has not ended by then.
 * A monitor holds no handle. A task may have many, each is told once, and one that is set after the end is told at
 * once. It may be dropped at any time. A body that waits for the end of its own task waits for ever. Any thread.
 * JLT_INVALID_ARGUMENT for NULL, JLT_NO_MEMORY. */
static inline jlt_status jlt_persistent_monitor(jlt_persistent *task, jlt_receiver **receiver);

/* Names, by which those find a task who were given no handle. A name is any text; it is copied. It holds no handle, and
 * goes when the task ends. A task may have several. Any thread.
 * register: JLT_INVALID_ARGUMENT where a task has the name already (also the same task), and for NULL; JLT_CLOSED where
 * the task has ended, or the runtime is closed; JLT_NO_MEMORY.
 * lookup: *task is a handle of the caller's own, to be dropped. JLT_NOT_FOUND where no task has the name, or the last
 * handle on it was dropped; JLT_CLOSED, JLT_INVALID_ARGUMENT for NULL.
 * unregister: the name is free again. JLT_NOT_FOUND where no task has it; JLT_INVALID_ARGUMENT for NULL. */
JLT_API jlt_status jlt_runtime_register(jlt_runtime *runtime, const char *name, jlt_persistent *task);
JLT_API jlt_status jlt_runtime_lookup(jlt_runtime *runtime, const char *name, jlt_persistent **task);
JLT_API jlt_status jlt_runtime_unregister(jlt_runtime *runtime, const char *name);

/* Beneath the inline functions: they take the size of the struct as its caller knows it, so that it can grow without
 * breaking programs built against an older header. */
JLT_API jlt_status jlt_persistent_monitor_sized(jlt_persistent *task, size_t end_size, jlt_receiver **receiver);

static inline jlt_status jlt_persistent_monitor(jlt_persistent *task, jlt_receiver **receiver)
{
    return jlt_persistent_monitor_sized(task, sizeof(jlt_end), receiver);
}

JLT_END_DECLARATIONS

#endif
