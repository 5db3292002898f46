/* SPDX-License-Identifier: MIT
 *
 * A thread that looks, some time after it was asked to, whether what is ready is being taken (attention_overdue). It is
 * no thread of the engine's, so that nothing that computes or waits there keeps it; asleep unless it was asked. */
#ifndef JLT_CORE_WATCH_H
#define JLT_CORE_WATCH_H

#include <jltask.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct runtime;

struct watch {
    int timer; /* negative: there is no thread */
    pthread_t thread;
    atomic_bool stopping;
    struct runtime *runtime;
};

/* A runtime with one worker needs none. JLT_NO_MEMORY, not reported. */
jlt_status watch_start(struct watch *watch, struct runtime *runtime);

/* When nobody sets it any more. Joins the thread. */
void watch_stop(struct watch *watch);

/* Any thread: it looks after delay_ns nanoseconds, and not when it was to look before. */
void watch_set(struct watch *watch, int64_t delay_ns);

#endif
