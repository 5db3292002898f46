/* SPDX-License-Identifier: MIT
 *
 * jltask with tasks whose bodies are C: as README.md shows it, with a look-up by path in each message, and with the two
 * functions looked up once by the program. And with tasks whose bodies are Julia. */
#include "peers.h"

#include <stdlib.h>

struct accumulator {
    jlt_value *sum;
};

static void init(jlt_frame *frame, void *state, const void *config)
{
    struct accumulator *self = state;
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *initial = jlt_box_f64(scope, *(const double *)config);
    self->sum = jlt_root(frame, jlt_call(scope, jlt_global(scope, "Base.Ref"), initial));
    jlt_scope_close(scope);
}

static void run(jlt_frame *frame, void *state, const void *input, void *output)
{
    compute();
    struct accumulator *self = state;
    jlt_value *getindex = jlt_global(frame, "Base.getindex");
    jlt_value *setindex = jlt_global(frame, "Base.setindex!");
    double sum = jlt_unbox_f64(frame, jlt_call(frame, getindex, self->sum));
    sum += *(const double *)input;
    jlt_call(frame, setindex, self->sum, jlt_box_f64(frame, sum));
    *(double *)output = sum;
}

static void run_kept(jlt_frame *frame, void *state, const void *input, void *output)
{
    compute();
    struct accumulator *self = state;
    double sum = jlt_unbox_f64(frame, jlt_call(frame, api.getindex, self->sum));
    sum += *(const double *)input;
    jlt_call(frame, api.setindex, self->sum, jlt_box_f64(frame, sum));
    *(double *)output = sum;
}

#define TYPE(title, run_)                                                                                              \
    {                                                                                                                  \
        .name = title, .state_size = sizeof(struct accumulator), .config_size = sizeof(double),                        \
        .input_size = sizeof(double), .output_size = sizeof(double), .init = init, .run = run_,                        \
    }
const jlt_persistent_type accumulator_type = TYPE("accumulator", run);
static const jlt_persistent_type kept_type = TYPE("kept", run_kept);

static const jlt_persistent_type julia_type = {
    .name = "julia",
    .config_size = sizeof(double),
    .input_size = sizeof(double),
    .output_size = sizeof(double),
    .julia_init = "Base.Ref",
    .julia_run = "Main.bench_add",
    .julia_config = "Float64",
    .julia_input = "Float64",
    .julia_output = "Float64",
};

void start_tasks(const jlt_persistent_type *type, jlt_persistent **tasks, size_t count)
{
    enum { window = 1024 };
    static jlt_receiver *receivers[window];
    double initial = 0.0;
    for (size_t i = 0; i < count + window; i++) {
        if (i >= window && i - window < count)
            CHECK(jlt_receiver_recv(receivers[i % window], &tasks[i - window]));
        if (i < count)
            CHECK(jlt_persistent_dispatch(runtime, type, &initial, &receivers[i % window]));
    }
}

static jlt_persistent **tasks;
static size_t task_count;

static void start(const jlt_persistent_type *type, size_t count)
{
    tasks = malloc(count * sizeof *tasks);
    task_count = count;
    start_tasks(type, tasks, count);
}

static void start_plain(size_t count)
{
    start(&accumulator_type, count);
}

static void start_kept(size_t count)
{
    start(&kept_type, count);
}

static void define_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_eval(frame, "isdefined(Main, :bench_add) || @eval bench_add(sum, x) = (sum[] += x)");
}

static void start_julia(size_t count)
{
    static const jlt_task_type define = {.name = "define", .run = define_run};
    CHECK(jlt_task_invoke(runtime, &define, NULL, NULL));
    start(&julia_type, count);
}

static void stop(void)
{
    for (size_t i = 0; i < task_count; i++)
        jlt_persistent_drop(tasks[i]);
    free(tasks);
}

static double invoke(size_t task, double input)
{
    double sum;
    CHECK(jlt_persistent_invoke(tasks[task], &input, &sum));
    return sum;
}

static void send(struct request *request, size_t task, double input)
{
    CHECK(jlt_persistent_call(tasks[task], &input, &request->receiver));
}

static double receive(struct request *request)
{
    double sum;
    CHECK(jlt_receiver_recv(request->receiver, &sum));
    return sum;
}

/* Nothing but the message: what is counted, timed and traced of it is seen best. */
static void run_nothing(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state;
    *(double *)output = *(const double *)input;
}

static const jlt_persistent_type nothing_type = TYPE("nothing", run_nothing);

static void start_nothing(size_t count)
{
    start(&nothing_type, count);
}

static void start_traced(size_t count)
{
    start(&nothing_type, count);
    CHECK(jlt_trace_start(runtime));
}

static void stop_traced(void)
{
    CHECK(jlt_trace_stop(runtime));
    stop();
}

#define PEER(title, start_)                                                                                            \
    {                                                                                                                  \
        .name = title, .start = start_, .stop = stop, .invoke = invoke, .send = send, .receive = receive               \
    }
const struct peer jltask_peer = PEER("jltask", start_plain);
const struct peer jltask_kept = PEER("jltask-kept", start_kept);
const struct peer jltask_julia = PEER("jltask-julia", start_julia);
const struct peer jltask_counted = PEER("counted", start_nothing);
const struct peer jltask_timed = PEER("timed", start_nothing);
const struct peer jltask_traced = {
    .name = "traced", .start = start_traced, .stop = stop_traced, .invoke = invoke, .send = send, .receive = receive};
