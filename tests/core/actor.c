/* SPDX-License-Identifier: MIT */
#include "core/actor.h"

struct canceller *actor_canceller;

static void perform(const struct work *work)
{
    if (work->act)
        work->act(work->data);
}

void actor_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state;
    perform(input);
    *(int *)output = 7;
}

static void init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame, (void)state;
    perform(config);
}

static void run_once(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)output;
    perform(input);
}

const jlt_persistent_type narrow_type = ACTOR_TYPE("narrow", .capacity = 1);
const jlt_task_type once_type = {.name = "once", .input_size = sizeof(struct work), .run = run_once};
const jlt_persistent_type starting_type = ACTOR_TYPE("starting", .config_size = sizeof(struct work), .init = init);

static struct call_options options(void)
{
    return (struct call_options){.deadline = limit_never, .canceller = actor_canceller};
}

jlt_status tell(struct task *task, void (*act)(void *data), void *data, struct message **receiver)
{
    struct call_options how = options();
    return runtime_call_with(task, &(struct work){act, data}, &how, receiver);
}

jlt_status ask(struct task *task, void (*act)(void *data), void *data)
{
    struct call_options how = options();
    int output;
    return runtime_invoke_task_with(task, &(struct work){act, data}, &how, &output);
}

jlt_status ask_new(struct runtime *runtime, const struct type *type, void (*act)(void *data), void *data, void *output)
{
    struct call_options how = options();
    return runtime_invoke_with(runtime, type, &(struct work){act, data}, &how, output);
}

struct message *post(struct task *task, void (*act)(void *data), void *data)
{
    struct message *receiver = NULL;
    check_ok(tell(task, act, data, &receiver));
    return receiver;
}

struct message *post_new(struct runtime *runtime, const struct type *type, void (*act)(void *data), void *data)
{
    struct call_options how = options();
    struct message *receiver = NULL;
    check_ok(runtime_dispatch_with(runtime, type, &(struct work){act, data}, &how, &receiver));
    return receiver;
}
