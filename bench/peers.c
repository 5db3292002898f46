/* SPDX-License-Identifier: MIT
 *
 * What the peers share: the runtime, Julia's C API, the servers, and the plain loop. */
#include "peers.h"

#include "measure.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

jlt_runtime *runtime;
struct julia_api api;
static jlt_thread *runtime_thread;

void check(jlt_status status, const char *call)
{
    if (status == JLT_OK)
        return;
    fprintf(stderr, "bench: %s: %s: %s\n", call, jlt_status_name(status), jlt_error_message());
    _Exit(1);
}

/* ---- the runtime ---- */

static void take_symbol(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    if (!symbol) {
        fprintf(stderr, "bench: libjulia has no %s\n", name);
        _Exit(1);
    }
    memcpy(function, &symbol, sizeof symbol);
}

/* Newer Julias have these in a library whose symbols are not global. */
static void take_internal(jlt_frame *frame, const char *code, void *function)
{
    void *pointer = jlt_unbox_pointer(frame, jlt_eval(frame, code));
    memcpy(function, &pointer, sizeof pointer);
}

/* getindex and setindex! are constants of Base, so they need no root. */
static void take_api(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    pthread_setname_np(pthread_self(), "julia"); /* for profiles */
    take_symbol("jl_call1", &api.call1);
    take_symbol("jl_call2", &api.call2);
    take_symbol("jl_box_float64", &api.box_float64);
    take_symbol("jl_unbox_float64", &api.unbox_float64);
    take_internal(frame, "cglobal(:jl_gc_safe_enter)", &api.gc_safe_enter);
    take_internal(frame, "cglobal(:jl_gc_safe_leave)", &api.gc_safe_leave);
    api.getindex = jlt_global(frame, "Base.getindex");
    api.setindex = jlt_global(frame, "Base.setindex!");
}

bool runtime_times;

void runtime_begin(int threads)
{
    static const jlt_task_type take_api_type = {.name = "api", .run = take_api};
    CHECK(jlt_runtime_spawn(&(jlt_options){.threads = threads, .timings = runtime_times}, &runtime, &runtime_thread));
    CHECK(jlt_task_invoke(runtime, &take_api_type, NULL, NULL));
}

void runtime_end(void)
{
    jlt_runtime_drop(runtime);
    CHECK(jlt_thread_join(runtime_thread));
}

/* ---- bodies ---- */

int64_t compute_ns;
static double turns_in_ns = 0.3;

void compute(void)
{
    if (!compute_ns)
        return;
    volatile double result;
    double x = 0.5;
    for (int64_t i = (int64_t)((double)compute_ns * turns_in_ns); i > 0; i--)
        x = 3.7 * x * (1.0 - x);
    result = x;
    (void)result;
}

void compute_calibrate(void)
{
    double best = INFINITY;
    compute_ns = 100000;
    for (int i = 0; i < 100; i++) {
        int64_t start = now_ns();
        compute();
        best = fmin(best, (double)(now_ns() - start));
    }
    turns_in_ns *= (double)compute_ns / best;
    compute_ns = 0;
}

double accumulate(jlt_value *state, double input)
{
    compute();
    double sum = api.unbox_float64(api.call1(api.getindex, state)) + input;
    api.call2(api.setindex, state, api.box_float64(sum));
    return sum;
}

/* ---- servers ---- */

static jlt_value *new_state(jlt_frame *frame)
{
    return jlt_call(frame, jlt_global(frame, "Base.Ref"), jlt_box_f64(frame, 0.0));
}

static void server_run(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    struct server self = *(const struct server *)input;
    self.frame = frame;
    self.states = malloc(self.tasks * sizeof *self.states);
    for (size_t i = 0; i < self.tasks; i++)
        self.states[i] = new_state(frame);
    self.loop(&self);
    free(self.states);
}

enum { most_servers = 64 };
static jlt_receiver *servers[most_servers];
static size_t server_count;

void servers_start(void (*loop)(const struct server *self), size_t tasks, size_t count)
{
    static jlt_task_type types[most_servers];
    server_count = count < most_servers ? count : most_servers;
    for (size_t i = 0; i < server_count; i++) {
        types[i] = (jlt_task_type){.name = "server", .input_size = sizeof(struct server), .run = server_run};
        types[i].thread = server_count > 1 ? i + 1 : 0;
        CHECK(jlt_task_dispatch(runtime, &types[i],
                                &(struct server){.loop = loop, .tasks = tasks, .count = server_count, .index = i},
                                &servers[i]));
    }
}

void servers_join(void)
{
    for (size_t i = 0; i < server_count; i++)
        CHECK(jlt_receiver_recv(servers[i], NULL));
}

/* ---- the plain loop ---- */

static void loop_jl_run(jlt_frame *frame, const void *input, void *output)
{
    size_t messages = *(const size_t *)input;
    jlt_value *state = new_state(frame);
    int64_t start = now_ns();
    for (size_t i = 0; i < messages; i++)
        accumulate(state, 1.0);
    *(double *)output = (double)(now_ns() - start) / (double)messages;
}

static void loop_jlt_run(jlt_frame *frame, const void *input, void *output)
{
    size_t messages = *(const size_t *)input;
    jlt_value *state = new_state(frame);
    int64_t start = now_ns();
    for (size_t i = 0; i < messages; i++) {
        jlt_frame *scope = jlt_scope_open(frame);
        double sum = jlt_unbox_f64(scope, jlt_call(scope, api.getindex, state)) + 1.0;
        jlt_call(scope, api.setindex, state, jlt_box_f64(scope, sum));
        jlt_scope_close(scope);
    }
    *(double *)output = (double)(now_ns() - start) / (double)messages;
}

static double loop(const jlt_task_type *type, size_t messages)
{
    double ns;
    CHECK(jlt_task_invoke(runtime, type, &messages, &ns));
    return ns;
}

static double loop_jl(size_t messages)
{
    static const jlt_task_type type = {
        .name = "loop", .input_size = sizeof(size_t), .output_size = sizeof(double), .run = loop_jl_run};
    return loop(&type, messages);
}

static double loop_jlt(size_t messages)
{
    static const jlt_task_type type = {
        .name = "loop", .input_size = sizeof(size_t), .output_size = sizeof(double), .run = loop_jlt_run};
    return loop(&type, messages);
}

const struct peer floor_loop = {.name = "floor-loop", .loop = loop_jl};
const struct peer floor_loop_jlt = {.name = "floor-loop-jlt", .loop = loop_jlt};
