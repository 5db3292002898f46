/* SPDX-License-Identifier: MIT */
#include "core/queue_calls.h"

#include "core/engine.h"
#include "platform/platform.h"

#include <poll.h>

struct runtime *runtime;
struct queue *queue;
atomic_uint begun, go_on, saw;

int start(void **unused)
{
    (void)unused;
    atomic_uint *events[] = {&begun, &go_on, &saw, &disposed_inputs, &disposed_outputs};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        atomic_store(events[i], 0);
    runtime = fake_start(1, 0);
    check_ok(queue_new(&queue));
    return 0;
}

int finish(void **unused)
{
    (void)unused;
    if (queue)
        queue_drop(queue);
    queue = NULL;
    if (runtime)
        fake_end(runtime);
    runtime = NULL;
    return 0;
}

static void run(jlt_frame *frame, const void *input, void *output)
{
    int number = *(const int *)input;
    struct message *message = current_fiber->message;
    *(int *)output = number;
    if (number == FAILS)
        fake_fail(frame, JLT_FAILED, "told to");
    if (number >= 0 || number == FAILS)
        return;
    event_raise(&begun);
    if (number == WAITS)
        fake_wait(&go_on, 1);
    else
        event_await(&go_on, 1);
    if (message_is_given_up(message))
        event_raise(&saw);
}

static void run_task(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    run(frame, input, output);
}

#define INTS .input_size = sizeof(int), .output_size = sizeof(int)
const jlt_task_type once_type = {
    .name = "once", INTS, .run = run, .dispose_input = count_disposed_input, .dispose_output = count_disposed_output};
const jlt_persistent_type task_type = {.name = "task", INTS, .run = run_task};
const jlt_persistent_type small_type = {.name = "small", INTS, .run = run_task, .capacity = 2, .skip_if_dropped = true};

struct call_options through(struct queue *to, void *user)
{
    return (struct call_options){.deadline = limit_never, .queue = to, .user = user};
}

void send(const jlt_task_type *type, int input, void *user, struct message **receiver)
{
    struct call_options options = through(queue, user);
    check_ok(runtime_dispatch_with(runtime, type_of(type), &input, &options, receiver));
}

jlt_status take(int64_t timeout_ns, jlt_completion *completion)
{
    size_t count = 0;
    jlt_status status = queue_take(queue, timeout_ns, completion, sizeof *completion, 1, &count);
    check(count == (status == JLT_OK));
    return status;
}

jlt_status receive(const jlt_completion *completion, int *output)
{
    return message_receive((struct message *)completion->receiver, 0, output);
}

jlt_status next(int *output, void **user)
{
    jlt_completion completion;
    check_ok(take(-1, &completion));
    if (user)
        *user = completion.user;
    return receive(&completion, output);
}

bool is_readable(void)
{
    struct pollfd entry = {.fd = queue_descriptor(queue), .events = POLLIN};
    return poll(&entry, 1, 0) == 1;
}

void check_empty(void)
{
    jlt_completion completion;
    check_status(take(0, &completion), JLT_PENDING);
    check(!is_readable());
}
