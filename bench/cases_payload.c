/* SPDX-License-Identifier: MIT
 *
 * Large inputs: copied in the message, or left in place with only a pointer in the message. The body makes the bytes an
 * Array without a copy and has Julia take its length. */
#include "cases.h"
#include "measure.h"
#include "peers.h"

#include <stdlib.h>
#include <string.h>

struct bytes {
    void *data;
    size_t size;
};

static void look(jlt_frame *frame, void *data, size_t size, void *output)
{
    jlt_value *array = jlt_array_wrap(frame, JLT_U8, data, 1, &size);
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.length"), array));
}

static void copied_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    look(frame, (void *)(uintptr_t)input, *(const size_t *)state, output);
}

static void copied_init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame;
    memcpy(state, config, sizeof(size_t));
}

static void wrapped_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    const struct bytes *bytes = input;
    look(frame, bytes->data, bytes->size, output);
}

static double call_us(jlt_persistent *task, const void *input, int64_t size)
{
    jlt_receiver *receiver;
    int64_t length, start = now_ns();
    CHECK(jlt_persistent_call(task, input, &receiver));
    CHECK(jlt_receiver_recv(receiver, &length));
    double us = (double)(now_ns() - start) / 1e3;
    if (length != size)
        check(JLT_FAILED, "the array's length");
    return us;
}

static double copy_us(void *to, const void *from, size_t size)
{
    int64_t start = now_ns();
    memcpy(to, from, size);
    __asm__ volatile("" : : "r"(to) : "memory"); /* not optimised away */
    return (double)(now_ns() - start) / 1e3;
}

static void measure(const char *name, size_t size)
{
    const jlt_persistent_type copied_type = {.name = "copied",
                                             .state_size = sizeof(size_t),
                                             .config_size = sizeof(size_t),
                                             .input_size = size,
                                             .output_size = sizeof(int64_t),
                                             .init = copied_init,
                                             .run = copied_run};
    static const jlt_persistent_type wrapped_type = {
        .name = "wrapped", .input_size = sizeof(struct bytes), .output_size = sizeof(int64_t), .run = wrapped_run};
    struct bytes bytes = {malloc(size), size};
    void *other = malloc(size);
    memset(bytes.data, 1, size);
    memset(other, 2, size);
    jlt_persistent *copied, *wrapped;
    CHECK(jlt_persistent_spawn(runtime, &copied_type, &size, &copied));
    CHECK(jlt_persistent_spawn(runtime, &wrapped_type, NULL, &wrapped));
    size_t calls = size > 1000000 ? 4 : 200;
    for (int round = 0; round < bench.rounds; round++) {
        for (size_t i = 0; i <= calls; i++) { /* the first one warms up */
            double times[] = {copy_us(other, bytes.data, size), call_us(copied, bytes.data, (int64_t)size),
                              call_us(wrapped, &bytes, (int64_t)size)};
            if (!i)
                continue;
            sample(name, "floor-memcpy", "us", times[0]);
            sample(name, "jltask-copied", "us", times[1]);
            sample(name, "jltask-wrapped", "us", times[2]);
        }
    }
    jlt_persistent_drop(copied);
    jlt_persistent_drop(wrapped);
    free(bytes.data);
    free(other);
}

void cases_payload(void)
{
    runtime_begin(bench.threads);
    measure("payload, 1 KiB", 1 << 10);
    measure("payload, 16 KiB", 1 << 14);
    measure("payload, 256 KiB", 1 << 18);
    measure("payload, 1 MiB", 1 << 20);
    measure("payload, 16 MiB", 1 << 24);
    runtime_end();
}
