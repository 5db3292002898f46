/* SPDX-License-Identifier: MIT
 *
 * Julia's idiom: a Julia task for each accumulator, on any of Julia's threads, takes messages from a Channel. C puts
 * requests in a queue of its own and rings an AsyncCondition, the only thing that a foreign thread may do in Julia; one
 * more Julia task waits for that, drains the queue through ccall and puts the requests on the Channels. The functions
 * are compiled for their types here, so there is no dynamic dispatch: that is in this peer's favour. */
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
                                  "        Threads.@spawn bench_handle(channel, reply)\n"
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

static struct queue queue = QUEUE_EMPTY;

static struct request *try_take(void)
{
    return queue_try_take(&queue);
}

static void channel_loop(const struct server *self)
{
    jlt_frame *frame = self->frame;
    void *pointer = jlt_unbox_pointer(frame, jlt_eval(frame, "cglobal(:uv_async_send)"));
    memcpy(&async_send, &pointer, sizeof pointer);
    if (!jlt_unbox_bool(frame, jlt_eval(frame, "@isdefined(bench_serve)")))
        jlt_eval(frame, server_code);
    jlt_call_n(frame, jlt_global(frame, "Main.bench_serve"),
               (jlt_value *[]){jlt_box_i64(frame, (int64_t)self->tasks), box_function(frame, (void (*)(void))try_take),
                               box_function(frame, (void (*)(void))request_reply),
                               box_function(frame, (void (*)(void))ready)},
               4);
}

static void channel_start(size_t tasks)
{
    atomic_store(&doorbell, NULL);
    servers_start(channel_loop, tasks, 1);
}

static void put_and_ring(struct request *request)
{
    void *bell;
    while (!(bell = atomic_load_explicit(&doorbell, memory_order_acquire))) {
    }
    queue_put(&queue, request);
    async_send(bell);
}

static void channel_stop(void)
{
    struct request stop = {.task = QUEUE_STOP};
    put_and_ring(&stop);
    servers_join();
}

static void channel_send(struct request *request, size_t task, double input)
{
    request_prepare(request, task, input);
    put_and_ring(request);
}

const struct peer julia_channel = {.name = "julia-channel",
                                   .start = channel_start,
                                   .stop = channel_stop,
                                   .send = channel_send,
                                   .receive = request_wait};
