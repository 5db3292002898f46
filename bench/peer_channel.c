/* SPDX-License-Identifier: MIT
 *
 * Julia's idiom: a Julia task for each accumulator takes messages from a Channel. C puts requests in a queue of its own
 * and rings an AsyncCondition, the only thing that a foreign thread may do in Julia; one more Julia task waits for
 * that, drains the queue through ccall and puts the requests on the Channels. The functions are compiled for their
 * types here, so there is no dynamic dispatch: that is in this peer's favour. */
#include "queue.h"

#include <stdint.h>
#include <string.h>

static const char server_code[] = "struct BenchRequest\n"
                                  "    next::Ptr{Cvoid}\n"
                                  "    task::Csize_t\n"
                                  "    value::Float64\n"
                                  "end\n"
                                  "function bench_handle(channel, reply)\n"
                                  "    sum = Ref(0.0)\n"
                                  "    for request in channel\n"
                                  "        sum[] = sum[] + unsafe_load(request).value\n"
                                  "        ccall(reply, Cvoid, (Ptr{BenchRequest}, Float64), request, sum[])\n"
                                  "    end\n"
                                  "end\n"
                                  "function bench_serve(tasks, take, reply, ready)\n"
                                  "    channels = [Channel{Ptr{BenchRequest}}(256) for _ in 1:tasks]\n"
                                  "    for channel in channels\n"
                                  "        @async bench_handle(channel, reply)\n"
                                  "    end\n"
                                  "    doorbell = Base.AsyncCondition()\n"
                                  "    ccall(ready, Cvoid, (Ptr{Cvoid},), doorbell.handle)\n"
                                  "    while true\n"
                                  "        request = ccall(take, Ptr{BenchRequest}, ())\n"
                                  "        if request == C_NULL\n"
                                  "            wait(doorbell)\n"
                                  "            continue\n"
                                  "        end\n"
                                  "        task = unsafe_load(request).task\n"
                                  "        task == typemax(Csize_t) && break\n"
                                  "        put!(channels[task + 1], request)\n"
                                  "    end\n"
                                  "    foreach(close, channels)\n"
                                  "    close(doorbell)\n"
                                  "end\n";

static int (*async_send)(void *handle);
static _Atomic(void *) doorbell;

static void ready(void *handle)
{
    atomic_store(&doorbell, handle);
}

static jlt_value *box_function(jlt_frame *frame, void (*function)(void))
{
    return jlt_box_pointer(frame, (void *)(uintptr_t)function);
}

static void channel_loop(jlt_frame *frame, jlt_value **states, size_t tasks)
{
    (void)states;
    void *pointer = jlt_unbox_pointer(frame, jlt_eval(frame, "cglobal(:uv_async_send)"));
    memcpy(&async_send, &pointer, sizeof pointer);
    if (!jlt_unbox_bool(frame, jlt_eval(frame, "@isdefined(bench_serve)")))
        jlt_eval(frame, server_code);
    jlt_call_n(frame, jlt_global(frame, "Main.bench_serve"),
               (jlt_value *[]){jlt_box_i64(frame, (int64_t)tasks), box_function(frame, (void (*)(void))queue_try_take),
                               box_function(frame, (void (*)(void))request_reply),
                               box_function(frame, (void (*)(void))ready)},
               4);
}

static void channel_start(size_t tasks)
{
    atomic_store(&doorbell, NULL);
    server_start(channel_loop, tasks);
}

static void put_and_ring(struct request *request)
{
    void *bell;
    while (!(bell = atomic_load_explicit(&doorbell, memory_order_acquire))) {
    }
    queue_put(request);
    async_send(bell);
}

static void channel_stop(void)
{
    struct request stop = {.task = QUEUE_STOP};
    put_and_ring(&stop);
    server_join();
}

static void channel_send(struct request *request, size_t task, double input)
{
    request->task = task;
    request->value = input;
    request->done = false;
    put_and_ring(request);
}

static double channel_invoke(size_t task, double input)
{
    static struct request request = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    channel_send(&request, task, input);
    return request_wait(&request);
}

const struct peer julia_channel = {"julia-channel", channel_start, channel_stop,
                                   channel_invoke,  channel_send,  request_wait};
