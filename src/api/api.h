/* SPDX-License-Identifier: MIT
 *
 * The one runtime of the process, and the checks that the entry points share. */
#ifndef JLT_API_API_H
#define JLT_API_API_H

#include "core/fork.h"
#include "core/quarantine.h"
#include "core/runtime.h"
#include "core/type.h"
#include "data/body.h"

/* A handle on the runtime is a pointer to the one runtime, a handle on a task one to the task, a canceller's and a
 * queue's likewise, a receiver one to its message. With JLT_CHECKS each handle but a receiver is a struct of its own,
 * so that one used after its drop is seen also while others, or calls, have the same target (handles.c). */
enum handle_kind { HANDLE_RUNTIME = 1, HANDLE_TASK, HANDLE_CANCELLER, HANDLE_QUEUE };

void *handle_make(enum handle_kind kind, void *target);
void *handle_look(const void *handle, enum handle_kind kind, const char *call);
void *handle_take(void *handle, enum handle_kind kind, const char *call);

/* A handle on target, which is counted already. */
static inline void *handle_new(enum handle_kind kind, void *target)
{
    return quarantine_enabled ? handle_make(kind, target) : target;
}

/* What it is a handle on. Ends the process if that is seen to be wrong. */
static inline void *handle_target(const void *handle, enum handle_kind kind, const char *call)
{
    return quarantine_enabled ? handle_look(handle, kind, call) : (void *)(uintptr_t)handle;
}

/* The same, and the handle is none any more; the target's count is the caller's. */
static inline void *handle_end(void *handle, enum handle_kind kind, const char *call)
{
    return quarantine_enabled ? handle_take(handle, kind, call) : handle;
}

/* In functions of the API, which their messages name. */
#define runtime_of(handle) ((struct runtime *)handle_target((handle), HANDLE_RUNTIME, __func__))
#define task_of(handle) ((struct task *)handle_target((handle), HANDLE_TASK, __func__))
#define queue_of(handle) ((struct queue *)handle_target((handle), HANDLE_QUEUE, __func__))
#define canceller_of(handle) ((struct canceller *)handle_target((handle), HANDLE_CANCELLER, __func__))

static inline struct message *message_of(const jlt_receiver *handle)
{
    return (struct message *)(uintptr_t)handle;
}

/* The library's copy of a type; NULL, and reported: it is not good. Ends the process if the caller's has been changed
 * since its first use. */
static inline const struct type *once_type(const jlt_task_type *type, size_t size, const char *call)
{
    return type_check(type, type_of_task(type, size), call);
}

static inline const struct type *persistent_type(const jlt_persistent_type *type, size_t size, const char *call)
{
    return type_check(type, type_of_persistent(type, size, &julia_bodies), call);
}

/* The runtime, as soon as it can be looked at; else NULL. Any thread, signal handlers too. */
struct runtime *api_runtime(void);

/* The start of every function that returns a status: true, and it is reported, if the call cannot be made, since the
 * process is a forked child (core/fork.h; JLT_CLOSED) or pointer is NULL (JLT_INVALID_ARGUMENT). */
bool api_refuses(const void *pointer, const char *call, const char *what);

/* What the caller's struct, of `size` bytes or NULL, has of ours. False, and reported: it has more than this library
 * knows of. */
bool api_take_options(const char *call, const jlt_call_options *options, size_t size, struct call_options *taken);

#endif
