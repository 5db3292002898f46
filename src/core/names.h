/* SPDX-License-Identifier: MIT
 *
 * Names of persistent tasks. */
#ifndef JLT_CORE_NAMES_H
#define JLT_CORE_NAMES_H

#include <jltask.h>

#include <pthread.h>

struct name;
struct runtime;
struct task;

/* The runtime's. */
struct names {
    pthread_mutex_t lock; /* held for short walks, never across a wait or a call into Julia */
    struct name **chains; /* a hash table; NULL: there was none yet */
    size_t count, room;
};

void names_init(struct names *names);
void names_finish(struct names *names);

/* Any thread. Each reports its status. The task is one that the caller has a handle on; *task becomes one. */
jlt_status names_register(struct runtime *runtime, const char *text, struct task *task);
jlt_status names_lookup(struct runtime *runtime, const char *text, struct task **task);
jlt_status names_unregister(struct runtime *runtime, const char *text);

/* The owner of the task, at its end: it has no names any more, and gets none. */
void names_forget(struct task *task);

#endif
