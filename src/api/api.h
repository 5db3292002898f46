/* SPDX-License-Identifier: MIT
 *
 * The one runtime of the process, and the checks that the entry points share. */
#ifndef JLT_API_API_H
#define JLT_API_API_H

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

/* Reports JLT_INVALID_ARGUMENT and returns true if pointer is NULL. */
bool api_missing(const void *pointer, const char *call, const char *what);

#endif
