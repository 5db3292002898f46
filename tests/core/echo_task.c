/* SPDX-License-Identifier: MIT */
#include "core/echo_task.h"

struct runtime *runtime;
atomic_uint begun, go_on, handled, inits, exits, inputs_disposed;

int reset(void **unused)
{
    (void)unused;
    atomic_uint *const counters[] = {&begun, &go_on, &handled, &inits, &exits, &inputs_disposed};
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        atomic_store(counters[i], 0);
    return 0;
}

void count_init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame, (void)state, (void)config;
    atomic_fetch_add(&inits, 1);
}

void count_exit(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
    atomic_fetch_add(&exits, 1);
}

static void dispose_input(void *input)
{
    check(*(int *)input > 0);
    *(int *)input = -1; /* not twice */
    atomic_fetch_add(&inputs_disposed, 1);
}

void echo_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state;
    int number = *(const int *)input;
    if (number < 0) {
        event_raise(&begun);
        fake_wait(&go_on, 1);
    }
    atomic_fetch_add(&handled, 1);
    *(int *)output = number;
}

static void echo_once_run(jlt_frame *frame, const void *input, void *output)
{
    echo_run(frame, NULL, input, output);
}

const jlt_persistent_type echo_type = {
    .name = "echo",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .init = count_init,
    .run = echo_run,
    .exit = count_exit,
    .dispose_input = dispose_input,
};

const jlt_task_type echo_once_type = {
    .name = "echo once",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = echo_once_run,
    .dispose_input = dispose_input,
};

const jlt_persistent_type bounded_type = {
    .name = "bounded",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .capacity = 1,
    .run = echo_run,
    .exit = count_exit,
};

static void busy_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&begun);
    event_await(&go_on, 1);
}

const jlt_task_type busy_type = {.name = "busy", .run = busy_run};

void assert_reply(struct message *receiver, jlt_status status, int wanted)
{
    int output = 0;
    assert_status(message_receive(receiver, -1, &output), status);
    assert_int_equal(output, wanted);
}
