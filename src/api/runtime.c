/* SPDX-License-Identifier: MIT
 *
 * The runtime's entry points, and its thread: the one place where core, Julia and frames are put together.
 *
 * Julia can be started once in a process, so there is one runtime, and it is never freed: handles that outlive it
 * find it closed. `life` says how far it is. A start that failed before Julia was reached leaves it at NOT_STARTED;
 * one that failed later, at STARTED for good. */
#include "api/api.h"
#include "api/ending.h"
#include "base/checks.h"
#include "base/error.h"
#include "core/helpers.h"
#include "core/limit.h"
#include "core/parker.h"
#include "core/say.h"
#include "core/spin.h"
#include "data/frame.h"
#include "data/held.h"
#include "data/known.h"
#include "julia/bootstrap.h"
#include "julia/start.h"
#include "julia/symbols.h"
#include "julia/threads.h"
#include "platform/platform.h"
#include "platform/thread_state.h"

#include <stdlib.h>
#include <string.h>

enum { julia_stack_bytes = 8 << 20 };

enum life { NOT_STARTED, STARTED };

static struct runtime the_runtime;
static atomic_int life;
static atomic_bool is_up; /* the_runtime and its workers are there, for good */

/* What a start tells the thread that asked for it, and what join needs. */
struct jlt_thread {
    pthread_t thread;
    atomic_bool joined;
    const jlt_options *options;
    struct error *error; /* of the start; NULL: Julia runs */
    atomic_uint answered, ended;
};
static struct jlt_thread the_thread;

bool api_refuses(const void *pointer, const char *call, const char *what)
{
    if (fork_is_child()) {
        fork_report();
        return true;
    }
    if (pointer)
        return false;
    error_fail(JLT_INVALID_ARGUMENT, "%s: %s is NULL", call, what);
    return true;
}

struct runtime *api_runtime(void)
{
    return atomic_load(&is_up) ? &the_runtime : NULL;
}

/* ---- start ---- */

/* The error that was just reported on this thread, for another one. */
static struct error *copy_last_error(void)
{
    const struct error *last = error_last();
    return error_new(last->status, (struct text){last->message, strlen(last->message)}, (struct text){0},
                     (struct text){0});
}

/* Brings Julia and the runtime up, on the thread that becomes Julia's first. */
static jlt_status bring_up(const jlt_options *options, bool *initialised)
{
    const char *stress = getenv("JLTASK_GC_STRESS");
    say_configure(options, getenv("JLTASK_LOG"));
    helpers_open();
    threads_enter();
    jlt_status status = julia_start(options, initialised);
    const struct runtime_limits limits = {options->channel_capacity, options->messages_at_most, options->bytes_at_most,
                                          options->fibers_at_most};
    if (status == JLT_OK)
        status = runtime_init(&the_runtime, frame_engine(), bootstrap.worker_count, &limits);
    spin_configure(options->spin_ns);
    if (status == JLT_OK && options->timings)
        status = stats_time(&the_runtime);
    if (status == JLT_OK) {
        status = julia_engine_open(&the_runtime, frames_mark, frames_new, frames_free);
        if (status != JLT_OK)
            runtime_stop(&the_runtime);
    }
    atomic_store(&is_up, status == JLT_OK);
    if (status == JLT_OK) {
        known_open();
        held_open();
    }
    if (status == JLT_OK && stress && *stress && strcmp(stress, "0") != 0)
        julia_gc_stress = strcmp(stress, "full") == 0 ? STRESS_FULL : STRESS_YOUNG;
    if (status == JLT_OK)
        ending_watch(&the_runtime);
    else
        threads_leave();
    if (status == JLT_OK)
        say(SAY_INFO, "Julia %s has started, with %u threads that run tasks", bootstrap.version,
            the_runtime.worker_count);
    else
        say(SAY_ERROR, "the start has failed: %s", error_last()->message);
    return status;
}

static void run_until_closed(void)
{
    julia_engine_serve(&the_runtime);
    runtime_stop(&the_runtime);
    helpers_finish();
    julia_end();
    threads_leave();
    say(SAY_INFO, "Julia has ended");
    ending_julia_ended();
}

/* Only one start at a time, and none after a success. */
static jlt_status claim_start(void)
{
    int expected = NOT_STARTED;
    if (fork_is_child())
        return fork_report();
    if (atomic_compare_exchange_strong(&life, &expected, STARTED)) {
        if (fork_watch(true))
            return JLT_OK;
        atomic_store(&life, NOT_STARTED);
        return error_report(error_constant(JLT_NO_MEMORY));
    }
    return error_fail(JLT_ALREADY_STARTED, "Julia can be started once in a process, and has been");
}

static void give_up_start(bool initialised)
{
    if (initialised)
        return;
    fork_watch(false);
    atomic_store(&life, NOT_STARTED);
}

static jlt_options known_options(const jlt_options *options, size_t size)
{
    jlt_options known = {0};
    if (options)
        memcpy(&known, options, size < sizeof known ? size : sizeof known);
    return known;
}

static void answer(struct jlt_thread *thread, struct error *error)
{
    thread->error = error;
    atomic_store(&thread->answered, 1);
    platform_wake_one(&thread->answered);
}

static void *julia_thread(void *data)
{
    struct jlt_thread *thread = data;
    bool initialised;
    if (bring_up(thread->options, &initialised) != JLT_OK) {
        struct error *error = copy_last_error();
        give_up_start(initialised);
        answer(thread, error);
        return NULL;
    }
    answer(thread, NULL);
    run_until_closed();
    atomic_store(&thread->ended, 1);
    platform_wake_all(&thread->ended);
    return NULL;
}

jlt_status jlt_runtime_spawn_sized(const jlt_options *options, size_t options_size, jlt_runtime **runtime,
                                   jlt_thread **thread)
{
    if (api_refuses(runtime, "jlt_runtime_spawn", "runtime") || api_refuses(thread, "jlt_runtime_spawn", "thread"))
        return error_last()->status;
    jlt_options known = known_options(options, options_size);
    jlt_status status = claim_start();
    if (status != JLT_OK)
        return status;
    the_thread = (struct jlt_thread){.options = &known};
    if (platform_thread_start(&the_thread.thread, julia_stack_bytes, julia_thread, &the_thread)) {
        give_up_start(false);
        return error_fail(JLT_NO_MEMORY, "no thread could be started for Julia");
    }
    while (!atomic_load(&the_thread.answered))
        platform_wait(&the_thread.answered, 0, -1);
    if (the_thread.error) {
        struct error *error = the_thread.error;
        pthread_join(the_thread.thread, NULL);
        return error_report(error);
    }
    *runtime = handle_new(HANDLE_RUNTIME, &the_runtime);
    *thread = &the_thread;
    return error_none();
}

/* The program's main function, on its own thread. */
struct main_call {
    int (*main_fn)(jlt_runtime *runtime, void *argument);
    void *argument;
    int result;
    struct thread_state host; /* the caller's, which main_fn has too */
};

static void *main_thread(void *data)
{
    struct main_call *call = data;
    thread_state_inherit(&call->host);
    call->result = call->main_fn(handle_new(HANDLE_RUNTIME, &the_runtime), call->argument);
    return NULL;
}

jlt_status jlt_runtime_start_sized(const jlt_options *options, size_t options_size,
                                   int (*main_fn)(jlt_runtime *runtime, void *argument), void *argument, int *result)
{
    if (api_refuses(main_fn ? &main_fn : NULL, "jlt_runtime_start", "main_fn"))
        return error_last()->status;
    jlt_options known = known_options(options, options_size);
    struct main_call call = {.main_fn = main_fn, .argument = argument};
    jlt_status status = claim_start();
    bool initialised;
    if (status != JLT_OK)
        return status;
    thread_state_save(&call.host);
    if (bring_up(&known, &initialised) != JLT_OK) {
        struct error *error = copy_last_error();
        thread_state_restore(&call.host);
        give_up_start(initialised);
        return error_report(error);
    }
    pthread_t thread;
    bool started = !platform_thread_start(&thread, julia_stack_bytes, main_thread, &call);
    if (!started)
        runtime_drop(&the_runtime);
    run_until_closed();
    thread_state_restore(&call.host);
    if (!started)
        return error_fail(JLT_NO_MEMORY, "no thread could be started for main_fn");
    pthread_join(thread, NULL);
    if (result)
        *result = call.result;
    return error_none();
}

/* ---- handles ---- */

jlt_runtime *jlt_runtime_clone(jlt_runtime *runtime)
{
    if (!runtime || fork_is_child())
        return runtime;
    runtime_clone(runtime_of(runtime));
    return handle_new(HANDLE_RUNTIME, &the_runtime);
}

void jlt_runtime_drop(jlt_runtime *runtime)
{
    if (runtime && !fork_is_child())
        runtime_drop(handle_end(runtime, HANDLE_RUNTIME, __func__));
}

jlt_status jlt_runtime_close(jlt_runtime *runtime, bool cancel)
{
    if (api_refuses(runtime, __func__, "runtime"))
        return error_last()->status;
    runtime_close(runtime_of(runtime), cancel);
    return error_none();
}

bool jlt_runtime_is_closed(const jlt_runtime *runtime)
{
    return !runtime || fork_is_child() || runtime_is_closed(runtime_of(runtime));
}

jlt_status jlt_runtime_close_within(jlt_runtime *runtime, int64_t timeout_ns)
{
    if (api_refuses(runtime, __func__, "runtime"))
        return error_last()->status;
    return runtime_close_within(runtime_of(runtime), timeout_ns);
}

/* ---- the end ---- */

static bool await_end(struct jlt_thread *thread, int64_t timeout_ns)
{
    int64_t deadline = timeout_ns < 0 ? limit_never : platform_now() + (timeout_ns < limit_never / 2 ? timeout_ns : 0);
    while (!atomic_load(&thread->ended)) {
        int64_t left = deadline == limit_never ? -1 : deadline - platform_now();
        if (deadline != limit_never && left <= 0)
            return false;
        platform_wait(&thread->ended, 0, left);
    }
    return true;
}

static jlt_status still_running(const char *call)
{
    char names[512];
    unsigned bodies = runtime_running(&the_runtime, names, sizeof names);
    if (!runtime_is_closed(&the_runtime))
        return error_fail(JLT_TIMEOUT, "%s: the runtime has not been closed", call);
    if (bodies == 0)
        return error_fail(JLT_TIMEOUT, "%s: no body runs any more, but Julia has not ended yet", call);
    return error_fail(JLT_TIMEOUT, "%s: still running: %s", call, names);
}

static jlt_status join(jlt_thread *thread, int64_t timeout_ns, const char *call)
{
    if (api_refuses(thread, call, "thread"))
        return error_last()->status;
    if (parker_suspends())
        return error_fail(JLT_INVALID_ARGUMENT, "%s: called from a task's body, which would wait for itself", call);
    if (ending_is_stopped())
        return error_fail(JLT_CLOSED, "%s: the process is ending, and Julia's threads have been stopped", call);
    if (!atomic_load(&thread->joined) && timeout_ns >= 0 && !await_end(thread, timeout_ns))
        return still_running(call);
    if (atomic_exchange(&thread->joined, true))
        return error_fail(JLT_INVALID_ARGUMENT, "%s: the thread has been joined", call);
    pthread_join(thread->thread, NULL);
    return error_none();
}

jlt_status jlt_thread_join(jlt_thread *thread)
{
    return join(thread, -1, __func__);
}

jlt_status jlt_thread_join_within(jlt_thread *thread, int64_t timeout_ns)
{
    return join(thread, timeout_ns, __func__);
}

const char *jlt_julia_version(void)
{
    return atomic_load(&life) == STARTED && bootstrap.version ? bootstrap.version : "";
}
