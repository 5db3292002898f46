/* SPDX-License-Identifier: MIT */
#include "core/threads.h"

#include "platform/platform.h"

void check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

void check_status_(jlt_status status, jlt_status wanted, const char *call, const char *file, int line)
{
    if (status == wanted)
        return;
    fprintf(stderr, "%s:%d: %s: %s, not %s: %s\n", file, line, call, jlt_status_name(status), jlt_status_name(wanted),
            jlt_error_message());
    abort();
}

pthread_t thread_start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    check(!pthread_create(&thread, NULL, run, argument));
    return thread;
}

void thread_join(pthread_t thread)
{
    check(!pthread_join(thread, NULL));
}

void event_raise(atomic_uint *event)
{
    atomic_fetch_add(event, 1);
    platform_wake_all(event);
}

void event_await(atomic_uint *event, unsigned count)
{
    for (unsigned now; (now = atomic_load(event)) < count;)
        platform_wait(event, now, -1);
}

unsigned random_below(unsigned *seed, unsigned limit)
{
    /* G. Marsaglia, "Xorshift RNGs", 2003 */
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % limit;
}
