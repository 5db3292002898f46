/* SPDX-License-Identifier: MIT
 *
 * exit() runs the handlers and destructors that were registered, the last one first, and among them those of Julia's
 * compiler, after which no Julia code can be compiled. So a handler of jltask's, registered when Julia has started,
 * runs before them. It closes the runtime with cancel, waits for Julia's end, and tells bodies to stop if that takes
 * long. Where it takes too long, since a body goes on and on, or cannot happen, since exit() was called in a body,
 * Julia's threads are stopped where they are, and the process goes on ending.
 *
 * A stopped thread may hold a lock that a later handler needs. So a thread watches: it stops what has not stopped yet,
 * and if the process has not ended in time, it ends it, with its exit status. */
#include "api/ending.h"

#include "core/helpers.h"
#include "julia/threads.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <unistd.h>

static const int64_t patient_ns = 1000000000, closes_within_ns = 5000000000, ends_within_ns = 5000000000,
                     again_ns = 10000000;

static struct runtime *watched;
static pid_t process;
static atomic_uint julia_has_ended;
static atomic_bool is_stopped;
static int exit_status;

void ending_julia_ended(void)
{
    atomic_store(&julia_has_ended, 1);
    platform_wake_all(&julia_has_ended);
}

bool ending_is_stopped(void)
{
    return atomic_load(&is_stopped);
}

static bool await_end(int64_t until)
{
    while (!atomic_load(&julia_has_ended) && platform_now() < until)
        platform_wait(&julia_has_ended, 0, until - platform_now());
    return atomic_load(&julia_has_ended);
}

static bool close_in_time(void)
{
    int64_t begin = platform_now();
    runtime_close(watched, true);
    if (await_end(begin + patient_ns))
        return true;
    runtime_give_up(watched);
    return await_end(begin + closes_within_ns);
}

static void *watch_end(void *unused)
{
    (void)unused;
    int64_t until = platform_now() + ends_within_ns;
    atomic_uint never = 0;
    while (platform_now() < until) {
        threads_stop();
        platform_wait(&never, 0, again_ns);
    }
    _exit(exit_status);
}

static void stop(int status)
{
    pthread_t watcher;
    sigset_t all, mask;
    exit_status = status;
    atomic_store(&is_stopped, true);
    threads_stop();
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &mask);
    if (platform_thread_start(&watcher, 1 << 16, watch_end, NULL) != 0)
        _exit(status);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    pthread_detach(watcher);
}

static void at_exit(int status, void *unused)
{
    (void)unused;
    if (getpid() != process || atomic_load(&julia_has_ended)) /* a forked child has no Julia */
        return;
    bool waits_for_caller = threads_is_julia() || helpers_is_one();
    if (waits_for_caller || !close_in_time())
        stop(status);
}

void ending_watch(struct runtime *runtime)
{
    watched = runtime;
    process = getpid();
    on_exit(at_exit, NULL);
}
