/* SPDX-License-Identifier: MIT */
#include "core/watch.h"

#include "core/attention.h"
#include "platform/platform.h"
#include "platform/thread_state.h"

enum { stack_bytes = 64 << 10 };

static void *watch_run(void *data)
{
    struct watch *watch = data;
    thread_state_julia(); /* signals are for the program's own threads */
    for (;;) {
        platform_timer_wait(watch->timer);
        if (atomic_load(&watch->stopping))
            return NULL;
        attention_overdue(watch->runtime);
    }
}

jlt_status watch_start(struct watch *watch, struct runtime *runtime)
{
    watch->runtime = runtime;
    atomic_init(&watch->stopping, false);
    watch->timer = runtime->worker_count > 1 ? platform_timer_open() : -1;
    if (runtime->worker_count == 1)
        return JLT_OK;
    if (watch->timer >= 0 && !platform_thread_start(&watch->thread, stack_bytes, watch_run, watch))
        return JLT_OK;
    if (watch->timer >= 0)
        platform_timer_close(watch->timer);
    watch->timer = -1;
    return JLT_NO_MEMORY;
}

void watch_stop(struct watch *watch)
{
    if (watch->timer < 0)
        return;
    atomic_store(&watch->stopping, true);
    watch_set(watch, 1);
    pthread_join(watch->thread, NULL);
    platform_timer_close(watch->timer);
    watch->timer = -1;
}

void watch_set(struct watch *watch, int64_t delay_ns)
{
    platform_timer_set(watch->timer, delay_ns);
}
