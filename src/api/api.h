/* SPDX-License-Identifier: MIT
 *
 * The one runtime of the process, and the checks that the entry points share. */
#ifndef JLT_API_API_H
#define JLT_API_API_H

#include "core/fork.h"
#include "core/runtime.h"

/* A handle on the runtime is a pointer to the one runtime, a handle on a task one to the task, a receiver one to its
 * message. */
static inline struct runtime *runtime_of(const jlt_runtime *handle)
{
    return (struct runtime *)(uintptr_t)handle;
}

static inline struct task *task_of(const jlt_persistent *handle)
{
    return (struct task *)(uintptr_t)handle;
}

static inline struct message *message_of(const jlt_receiver *handle)
{
    return (struct message *)(uintptr_t)handle;
}

/* The start of every function that returns a status: true, and it is reported, if the call cannot be made, since the
 * process is a forked child (core/fork.h; JLT_CLOSED) or pointer is NULL (JLT_INVALID_ARGUMENT). */
bool api_refuses(const void *pointer, const char *call, const char *what);

#endif
