/* SPDX-License-Identifier: MIT */
#include "starts.h"

#include <stdlib.h>

/* ---- drops ---- */

static void nothing_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
}

static void settle(void)
{
    enum { most_threads = 64 };
    static jlt_task_type types[most_threads];
    for (size_t i = 0; i < (size_t)bench.threads && i < most_threads; i++) {
        types[i] = (jlt_task_type){.name = "nothing", .run = nothing_run, .thread = i + 1};
        CHECK(jlt_task_invoke(runtime, &types[i], NULL, NULL));
    }
}

void drop_tasks(jlt_persistent **tasks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        jlt_persistent_drop(tasks[i]);
    settle();
}

/* ---- starts ---- */

enum { most_clients = 4, most_started = 1 << 18, window = 256 };

static struct started {
    jlt_persistent **tasks;
    size_t count;
} started[most_clients];

static void starts_begin(size_t tasks)
{
    (void)tasks;
    for (int i = 0; i < most_clients; i++)
        if (!started[i].tasks && !(started[i].tasks = malloc((size_t)most_started * sizeof(jlt_persistent *))))
            check(JLT_NO_MEMORY, "a list of tasks");
}

static void starts_end(void)
{
    for (int i = 0; i < most_clients; i++) {
        drop_tasks(started[i].tasks, started[i].count);
        started[i].count = 0;
    }
}

static void receive_start(struct started *list, jlt_receiver *receiver)
{
    CHECK(jlt_receiver_recv(receiver, &list->tasks[list->count]));
    list->count++;
}

void keep_starting(struct client *self)
{
    struct started *list = &started[self->index];
    jlt_receiver *receivers[window];
    double initial = 0.0;
    for (int64_t now, start = now_ns(); start < self->deadline && list->count + 2 * window <= most_started;
         start = now) {
        for (size_t i = 0; i < window; i++) {
            if (self->messages)
                receive_start(list, receivers[i]);
            CHECK(jlt_persistent_dispatch(runtime, &accumulator_type, &initial, &receivers[i]));
        }
        now = now_ns();
        if (self->messages)
            client_time(self, (double)(now - start) / window);
        self->messages += window;
    }
    for (size_t i = 0; self->messages && i < window; i++)
        receive_start(list, receivers[i]);
}

const struct peer jltask_starts = {.name = "jltask", .start = starts_begin, .stop = starts_end};

/* ---- the floor ---- */

static void loop_run(jlt_frame *frame, const void *input, void *output)
{
    size_t count = *(const size_t *)input;
    jlt_value *ref = jlt_global(frame, "Base.Ref"), *kept = jlt_eval(frame, "IdDict()");
    if (!jlt_unbox_bool(frame, jlt_eval(frame, "@isdefined(bench_keep)")))
        jlt_eval(frame, "bench_keep(kept, ref) = (kept[ref] = ref; nothing)");
    jlt_value *keep = jlt_global(frame, "Main.bench_keep");
    int64_t start = now_ns();
    for (size_t i = 0; i < count; i++)
        api.call2(keep, kept, api.call1(ref, api.box_float64(0.0))); /* jl_call roots its arguments */
    *(double *)output = (double)(now_ns() - start) / (double)count;
}

static double starts_loop(size_t count)
{
    static const jlt_task_type type = {
        .name = "starts", .input_size = sizeof(size_t), .output_size = sizeof(double), .run = loop_run};
    double ns;
    CHECK(jlt_task_invoke(runtime, &type, &count, &ns));
    return ns;
}

const struct peer floor_starts = {.name = "floor-loop", .loop = starts_loop};
