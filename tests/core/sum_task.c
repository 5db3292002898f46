/* SPDX-License-Identifier: MIT */
#include "core/sum_task.h"

#include "platform/platform.h"

struct runtime *runtime;
atomic_uint begun, go_on, inits, exits, inputs_disposed, fails_left, init_fails;
int64_t init_times[8];

int reset(void **unused)
{
    (void)unused;
    atomic_uint *const counters[] = {&begun, &go_on, &inits, &exits, &inputs_disposed, &fails_left, &init_fails};
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        atomic_store(counters[i], 0);
    runtime = fake_start(1, 0);
    return 0;
}

int finish(void **unused)
{
    (void)unused;
    if (runtime)
        fake_end(runtime);
    runtime = NULL;
    error_none();
    return 0;
}

void end_now(void)
{
    fake_end(runtime);
    runtime = NULL;
}

/* ---- a task that sums, and fails when it is told to ---- */

static void sum_init(jlt_frame *frame, void *state, const void *config)
{
    unsigned number = atomic_fetch_add(&inits, 1);
    if (number < sizeof init_times / sizeof init_times[0])
        init_times[number] = platform_now();
    check(*(int *)state == 0);
    *(int *)state = *(const int *)config;
    if (atomic_load(&init_fails))
        fake_fail(frame, JLT_EXCEPTION, "init was told to fail");
}

static void sum_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    int term = *(const int *)input;
    check(*(int *)output == 0);
    *(int *)output = -77; /* of a message that fails, nobody sees it */
    if (term == WAITS) {
        event_raise(&begun);
        fake_wait(&go_on, 1);
    }
    if (term == FLAKY && atomic_load(&fails_left)) {
        atomic_fetch_sub(&fails_left, 1);
        term = FAILS;
    }
    if (term == FAILS) {
        fake_fail(frame, JLT_FAILED, "told to fail");
        return;
    }
    if (term > 0)
        *(int *)state += term;
    *(int *)output = *(int *)state;
}

static void sum_exit(jlt_frame *frame, void *state)
{
    (void)frame;
    check(*(int *)state >= 100);
    event_raise(&exits);
}

static void dispose_input(void *input)
{
    check(*(int *)input > 0 || *(int *)input == FAILS);
    event_raise(&inputs_disposed);
}

jlt_persistent_type sum_type(jlt_on_failure on_failure)
{
    jlt_persistent_type type;
    memset(&type, 0, sizeof type);
    type.name = "sum";
    type.state_size = type.config_size = type.input_size = type.output_size = sizeof(int);
    type.init = sum_init;
    type.run = sum_run;
    type.exit = sum_exit;
    type.dispose_input = dispose_input;
    type.on_failure = on_failure;
    return type;
}

struct task *spawn_sum(const jlt_persistent_type *type)
{
    int config = 100;
    return spawn(runtime, type, &config);
}

jlt_status invoke(struct task *task, int input, int *output)
{
    return runtime_invoke_task(task, &input, output);
}

struct message *send(struct task *task, int input)
{
    return call(task, &input);
}

struct message *monitor(struct task *task)
{
    struct message *receiver = NULL;
    check_ok(monitor_set(task, sizeof(jlt_end), &receiver));
    return receiver;
}

void check_end(struct message *receiver, enum jlt_end_reason reason, jlt_status status, unsigned restarts)
{
    jlt_end end = {0};
    check_ok(message_receive(receiver, -1, &end));
    check(end.reason == (int)reason);
    check(end.status == status);
    check(end.restarts == restarts);
}

/* The task has ended, and says why. */
void check_stopped(struct task *task, const char *cause)
{
    struct message *receiver = NULL;
    int input = 1, output = 77;
    assert_status(runtime_invoke_task(task, &input, &output), JLT_CLOSED);
    assert_contains(jlt_error_message(), cause);
    assert_contains(jlt_error_message(), "\"sum\"");
    assert_int_equal(output, 77);
    assert_status(runtime_call(task, &input, SEND_TRY, &receiver), JLT_CLOSED);
    assert_contains(jlt_error_message(), cause);
    assert_null(receiver);
}
