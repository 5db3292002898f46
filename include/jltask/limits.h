/* SPDX-License-Identifier: MIT
 *
 * Client side: deadlines, cancellers and other options of a call. */
#ifndef JLTASK_LIMITS_H
#define JLTASK_LIMITS_H

#include "tasks.h"

JLT_BEGIN_DECLARATIONS

/* A call can be given up: by its deadline, by a canceller, by its receiver's user. Whoever waits is answered at once,
 * with JLT_DEADLINE_EXCEEDED or JLT_CANCELLED, whatever Julia's threads do; the error's text says whether the body had
 * begun. What has not begun never begins, and its place in a bounded mailbox is free at once; what its input owns is
 * given back when a thread of Julia's comes to it. A body that has begun runs to its end, on its own copy of the
 * input, and its output is disposed of; it can see that nobody waits (jlt_cancelled, and JLTask.cancelled() in Julia
 * code), and is told to stop once: a wait of its own in jltask ends with JLT_CANCELLED (and what it waits for is given
 * up too), a wait in Julia with the exception JLTask.Cancelled. That reaches sleep and what waits for Julia's event
 * loop (timers, streams, processes), and where Julia has one thread also channels, conditions and tasks; other waits
 * (also those of C code that Julia code calls, or of jlt_blocking's work), locks, and code that computes are not
 * interrupted, but the next wait that can be is, within some 0.13 s. A start that is given up while init runs leaves
 * no task: exit runs after it, unless it has failed. A call that was answered before is not changed. */

typedef struct jlt_canceller jlt_canceller; /* gives up any number of calls */

/* Zero and NULL are the defaults. */
typedef struct jlt_call_options {
    int64_t timeout_ns;       /* from the call, its wait for room included, to the reply; 0 and negative: no limit */
    bool dont_wait;           /* JLT_FULL in place of a wait for room */
    jlt_canceller *canceller; /* or NULL; must not be dropped before the call returns */
    jlt_queue *queue;         /* out of which the reply comes (queue.h); or NULL. Not for the invokes */
    void *user;               /* that comes with it */
} jlt_call_options;

/* The calls without _with, with options (NULL: the defaults). Also, from the call itself, which leaves *receiver as it
 * was and has sent nothing: JLT_DEADLINE_EXCEEDED and JLT_CANCELLED if it found no room before; JLT_CANCELLED is
 * otherwise the answer of the receiver, of a canceller that was used before the call too. Any thread. */
static inline jlt_status jlt_task_dispatch_with(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                                const jlt_call_options *options, jlt_receiver **receiver);
static inline jlt_status jlt_task_invoke_with(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                              const jlt_call_options *options, void *output);
static inline jlt_status jlt_persistent_dispatch_with(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                      const void *config, const jlt_call_options *options,
                                                      jlt_receiver **receiver);
static inline jlt_status jlt_persistent_call_with(jlt_persistent *task, const void *input,
                                                  const jlt_call_options *options, jlt_receiver **receiver);
static inline jlt_status jlt_persistent_invoke_with(jlt_persistent *task, const void *input,
                                                    const jlt_call_options *options, void *output);

/* Cancels the call. Does not wait; the receiver is still to be received, which says JLT_CANCELLED or, if that came
 * first, the reply, or dropped. By the receiver's user, one thread at a time as for a receive. JLT_INVALID_ARGUMENT for
 * NULL. */
JLT_API jlt_status jlt_receiver_cancel(jlt_receiver *receiver);

/* A canceller, the caller's. _cancel gives up all calls that carry it and have no answer yet, and all that will: any
 * thread, at any time, also while others wait in a receive; again is allowed. _drop lets go of it; calls that carry it
 * stay as they are. NULL is ignored there. JLT_NO_MEMORY; JLT_INVALID_ARGUMENT for NULL. */
JLT_API jlt_status jlt_canceller_new(jlt_canceller **canceller);
JLT_API jlt_status jlt_canceller_cancel(jlt_canceller *canceller);
JLT_API void jlt_canceller_drop(jlt_canceller *canceller);

/* Beneath the inline functions: they take the size of the struct as its caller knows it, so that it can grow without
 * breaking programs built against an older header. */
JLT_API jlt_status jlt_task_dispatch_with_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                                const void *input, const jlt_call_options *options, size_t options_size,
                                                jlt_receiver **receiver);
JLT_API jlt_status jlt_task_invoke_with_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                              const void *input, const jlt_call_options *options, size_t options_size,
                                              void *output);
JLT_API jlt_status jlt_persistent_dispatch_with_sized(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                      size_t type_size, const void *config,
                                                      const jlt_call_options *options, size_t options_size,
                                                      jlt_receiver **receiver);
JLT_API jlt_status jlt_persistent_call_with_sized(jlt_persistent *task, const void *input,
                                                  const jlt_call_options *options, size_t options_size,
                                                  jlt_receiver **receiver);
JLT_API jlt_status jlt_persistent_invoke_with_sized(jlt_persistent *task, const void *input,
                                                    const jlt_call_options *options, size_t options_size, void *output);

static inline jlt_status jlt_task_dispatch_with(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                                const jlt_call_options *options, jlt_receiver **receiver)
{
    return jlt_task_dispatch_with_sized(runtime, type, sizeof(jlt_task_type), input, options, sizeof(jlt_call_options),
                                        receiver);
}

static inline jlt_status jlt_task_invoke_with(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                              const jlt_call_options *options, void *output)
{
    return jlt_task_invoke_with_sized(runtime, type, sizeof(jlt_task_type), input, options, sizeof(jlt_call_options),
                                      output);
}

static inline jlt_status jlt_persistent_dispatch_with(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                      const void *config, const jlt_call_options *options,
                                                      jlt_receiver **receiver)
{
    return jlt_persistent_dispatch_with_sized(runtime, type, sizeof(jlt_persistent_type), config, options,
                                              sizeof(jlt_call_options), receiver);
}

static inline jlt_status jlt_persistent_call_with(jlt_persistent *task, const void *input,
                                                  const jlt_call_options *options, jlt_receiver **receiver)
{
    return jlt_persistent_call_with_sized(task, input, options, sizeof(jlt_call_options), receiver);
}

static inline jlt_status jlt_persistent_invoke_with(jlt_persistent *task, const void *input,
                                                    const jlt_call_options *options, void *output)
{
    return jlt_persistent_invoke_with_sized(task, input, options, sizeof(jlt_call_options), output);
}

JLT_END_DECLARATIONS

#endif
