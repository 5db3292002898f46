/* SPDX-License-Identifier: MIT
 *
 * Replies through a completion queue, beside the same through receivers; and batches. The bodies do next to nothing. */
#include "cases.h"
#include "measure.h"
#include "peers.h"

#include <poll.h>

enum { batch = 64 };

static void echo(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state;
    *(double *)output = *(const double *)input;
}

static const jlt_persistent_type echo_type = {
    .name = "echo", .input_size = sizeof(double), .output_size = sizeof(double), .run = echo};

static jlt_persistent *task;
static jlt_queue *queue;

static void send_by_receivers(jlt_receiver **receivers, int count)
{
    double input = 1;
    for (int i = 0; i < count; i++)
        CHECK(jlt_persistent_call(task, &input, &receivers[i]));
}

static void send_through_queue(int count)
{
    double input = 1;
    const jlt_call_options options = {.queue = queue};
    for (int i = 0; i < count; i++)
        CHECK(jlt_persistent_call_with(task, &input, &options, NULL));
}

static void receive_all(jlt_receiver **receivers, int count)
{
    double output;
    for (int i = 0; i < count; i++)
        CHECK(jlt_receiver_recv(receivers[i], &output));
}

static void take_all(int count, int at_once)
{
    jlt_completion completions[batch];
    double output;
    for (size_t some; count > 0; count -= (int)some) {
        CHECK(jlt_queue_take_many(queue, -1, completions, (size_t)at_once, &some));
        for (size_t i = 0; i < some; i++)
            CHECK(jlt_receiver_recv(completions[i].receiver, &output));
    }
}

static void send_batch(jlt_receiver **receivers, const jlt_call_options *options)
{
    static const double input = 1;
    jlt_message messages[batch];
    for (int i = 0; i < batch; i++)
        messages[i] = (jlt_message){task, &input, receivers ? &receivers[i] : NULL, NULL};
    CHECK(jlt_persistent_call_many(messages, batch, options, NULL));
}

/* ---- turns, of `count` messages each ---- */

static void by_receivers(int count)
{
    jlt_receiver *receivers[batch];
    send_by_receivers(receivers, count);
    receive_all(receivers, count);
}

static void through_queue(int count)
{
    send_through_queue(count);
    take_all(count, 1);
}

static void through_queue_many(int count)
{
    send_through_queue(count);
    take_all(count, batch);
}

static void batch_by_receivers(int count)
{
    jlt_receiver *receivers[batch];
    send_batch(receivers, NULL);
    receive_all(receivers, count);
}

static void batch_through_queue(int count)
{
    send_batch(NULL, &(jlt_call_options){.queue = queue});
    take_all(count, batch);
}

/* As an event loop does: polls, then takes what there is. */
static void with_poll(int count)
{
    struct pollfd entry = {.fd = jlt_queue_descriptor(queue), .events = POLLIN};
    jlt_completion completions[batch];
    double output;
    send_through_queue(count);
    for (size_t some = 0; count > 0; count -= (int)some) {
        poll(&entry, 1, -1);
        if (jlt_queue_take_many(queue, 0, completions, batch, &some) != JLT_OK)
            some = 0;
        for (size_t i = 0; i < some; i++)
            CHECK(jlt_receiver_recv(completions[i].receiver, &output));
    }
}

static void measure(const char *name, const char *peer, void (*turn)(int count), int count)
{
    int turns = (int)amount(200000, 40000) / count;
    CHECK(jlt_queue_new(&queue)); /* a fresh one is not watched */
    int64_t start = now_ns();
    for (int i = 0; i < turns; i++)
        turn(count);
    sample(name, peer, "ns", (double)(now_ns() - start) / (double)turns / count);
    jlt_queue_drop(queue);
}

void cases_queue(void)
{
    static const char alone[] = "a reply, one at a time", several[] = "a reply, 64 in flight";
    runtime_begin(bench.threads);
    CHECK(jlt_persistent_spawn(runtime, &echo_type, NULL, &task));
    for (int round = 0; round < bench.rounds; round++) {
        measure(alone, "receiver", by_receivers, 1);
        measure(alone, "queue", through_queue, 1);
        measure(alone, "queue, poll", with_poll, 1);
        measure(several, "receiver", by_receivers, batch);
        measure(several, "queue", through_queue, batch);
        measure(several, "queue, take_many", through_queue_many, batch);
        measure(several, "queue, poll", with_poll, batch);
        measure(several, "batch, receiver", batch_by_receivers, batch);
        measure(several, "batch, queue", batch_through_queue, batch);
        give_way();
    }
    jlt_persistent_drop(task);
    runtime_end();
}
