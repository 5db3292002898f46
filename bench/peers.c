/* SPDX-License-Identifier: MIT
 *
 * What the peers share: the runtime, Julia's C API, the server, and the plain loop. */
#include "peers.h"

#include "measure.h"

#include <dlfcn.h>
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

static void take_symbol(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    if (!symbol) {
        fprintf(stderr, "bench: libjulia has no %s\n", name);
        _Exit(1);
    }
    memcpy(function, &symbol, sizeof symbol);
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
    api.getindex = jlt_global(frame, "Base.getindex");
    api.setindex = jlt_global(frame, "Base.setindex!");
}

void runtime_begin(int threads)
{
    static const jlt_task_type take_api_type = {.name = "api", .run = take_api};
    CHECK(jlt_runtime_spawn(&(jlt_options){.threads = threads}, &runtime, &runtime_thread));
    CHECK(jlt_task_invoke(runtime, &take_api_type, NULL, NULL));
}

void runtime_end(void)
{
    jlt_runtime_drop(runtime);
    CHECK(jlt_thread_join(runtime_thread));
}

double accumulate(jlt_value *state, double input)
{
    double sum = api.unbox_float64(api.call1(api.getindex, state)) + input;
    api.call2(api.setindex, state, api.box_float64(sum));
    return sum;
}

/* ---- the server ---- */

struct server {
    void (*loop)(jlt_frame *frame, jlt_value **states, size_t tasks);
    size_t tasks;
};

static jlt_value *new_state(jlt_frame *frame)
{
    return jlt_call(frame, jlt_global(frame, "Base.Ref"), jlt_box_f64(frame, 0.0));
}

static void server_run(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    const struct server *self = input;
    jlt_value **states = malloc(self->tasks * sizeof *states);
    for (size_t i = 0; i < self->tasks; i++)
        states[i] = new_state(frame);
    self->loop(frame, states, self->tasks);
    free(states);
}

static jlt_receiver *server;

void server_start(void (*loop)(jlt_frame *frame, jlt_value **states, size_t tasks), size_t tasks)
{
    static const jlt_task_type type = {.name = "server", .input_size = sizeof(struct server), .run = server_run};
    CHECK(jlt_task_dispatch(runtime, &type, &(struct server){loop, tasks}, &server));
}

void server_join(void)
{
    CHECK(jlt_receiver_recv(server, NULL));
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

double loop_jl_call(size_t messages)
{
    static const jlt_task_type type = {
        .name = "loop", .input_size = sizeof(size_t), .output_size = sizeof(double), .run = loop_jl_run};
    return loop(&type, messages);
}

double loop_jlt_call(size_t messages)
{
    static const jlt_task_type type = {
        .name = "loop", .input_size = sizeof(size_t), .output_size = sizeof(double), .run = loop_jlt_run};
    return loop(&type, messages);
}
