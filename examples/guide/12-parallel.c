/* Several Julia threads: placing, warming up, taking over; closing down. */
#include "expect.h"

#include <jltask.h>

#include <sched.h>
#include <stdatomic.h>

/* ---- which thread: a task on the first one, with a warm-up */

static atomic_int warm_ups;

static void where_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input;
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.Threads.threadid")));
}

static void where_warm_up(jlt_frame *frame, void *state)
{
    int64_t unused = 0;
    where_run(frame, state, NULL, &unused); /* compiles what the first message will call */
    atomic_fetch_add(&warm_ups, 1);
}

static const jlt_persistent_type first_type = {
    .name = "first",
    .output_size = sizeof(int64_t),
    .run = where_run,
    .thread = 1,
    .warm_up = where_warm_up,
};

static void place(jlt_runtime *runtime)
{
    jlt_persistent *task, *other;
    EXPECT(jlt_persistent_spawn(runtime, &first_type, NULL, &task) == JLT_OK);
    EXPECT(jlt_persistent_spawn(runtime, &first_type, NULL, &other) == JLT_OK);
    EXPECT(atomic_load(&warm_ups) == 1); /* once for the type */

    int64_t here = 0, there = 0;
    EXPECT(jlt_persistent_invoke(task, NULL, &here) == JLT_OK);
    EXPECT(jlt_persistent_invoke(other, NULL, &there) == JLT_OK);
    EXPECT(here == there);
    jlt_persistent_drop(task);
    jlt_persistent_drop(other);
}

/* ---- a body that computes until it is told to stop */

static atomic_bool begun, stop;
static atomic_int disposed;

static void busy_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input, (void)output;
    jlt_value *safepoint = jlt_global(frame, "Base.GC.safepoint");
    atomic_store(&begun, true);
    while (!atomic_load(&stop)) {
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_call(scope, safepoint); /* or a collection would wait for this body */
        jlt_scope_close(scope);
    }
}

static void await_begun(void)
{
    while (!atomic_load(&begun))
        sched_yield();
}

static void busy_dispose_input(void *input)
{
    (void)input;
    atomic_fetch_add(&disposed, 1);
}

static const jlt_persistent_type any_type = {.name = "any", .output_size = sizeof(int64_t), .run = where_run};
static const jlt_persistent_type busy_type = {
    .name = "busy",
    .input_size = 1,
    .run = busy_run,
    .dispose_input = busy_dispose_input,
};

/* Tasks are spread over the threads. Those that share one with a body that computes are served by another. */
static void take_over(jlt_runtime *runtime, jlt_persistent *busy)
{
    enum { TASKS = 4 };
    jlt_persistent *tasks[TASKS];
    for (int i = 0; i < TASKS; i++)
        EXPECT(jlt_persistent_spawn(runtime, &any_type, NULL, &tasks[i]) == JLT_OK);

    jlt_receiver *receiver;
    EXPECT(jlt_persistent_call(busy, "", &receiver) == JLT_OK);
    await_begun();
    int64_t id;
    for (int i = 0; i < TASKS; i++)
        EXPECT(jlt_persistent_invoke(tasks[i], NULL, &id) == JLT_OK);

    atomic_store(&stop, true);
    EXPECT(jlt_receiver_recv(receiver, NULL) == JLT_OK);
    for (int i = 0; i < TASKS; i++)
        jlt_persistent_drop(tasks[i]);
}

/* What has begun is finished; what has not is cancelled. */
static void close_down(jlt_runtime *runtime, jlt_persistent *busy)
{
    jlt_receiver *running, *waiting;
    atomic_store(&stop, false);
    atomic_store(&begun, false);
    EXPECT(jlt_persistent_call(busy, "", &running) == JLT_OK);
    EXPECT(jlt_persistent_call(busy, "", &waiting) == JLT_OK);
    await_begun();

    EXPECT(jlt_runtime_close(runtime, true) == JLT_OK);
    EXPECT(jlt_runtime_is_closed(runtime));
    EXPECT(jlt_persistent_call(busy, "", NULL) == JLT_CLOSED);
    atomic_store(&stop, true);
    EXPECT(jlt_receiver_recv(running, NULL) == JLT_OK);
    EXPECT(jlt_receiver_recv(waiting, NULL) == JLT_CANCELLED);
}

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 2}, &runtime, &thread) == JLT_OK);
    jlt_settings settings;
    EXPECT(jlt_runtime_settings(runtime, &settings) == JLT_OK);

    place(runtime);
    jlt_persistent *busy;
    EXPECT(jlt_persistent_spawn(runtime, &busy_type, NULL, &busy) == JLT_OK);
    if (settings.threads > 1) /* Julia 1.5 has no more than there are cores */
        take_over(runtime, busy);
    close_down(runtime, busy);

    /* handles and receivers stay good, and are given back as always */
    jlt_persistent_drop(busy);
    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    EXPECT(atomic_load(&disposed) == 1);
    return 0;
}
