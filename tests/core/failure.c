/* SPDX-License-Identifier: MIT
 *
 * Types that restart or stop when a message fails: limits, back-off, what waits, what senders are told. */
#include "core/fake_engine.h"

#include "core/failure.h"
#include "platform/platform.h"

static const int64_t hour_ns = 3600000000000, short_ns = 20000000;

static struct runtime *runtime;
static atomic_uint begun, go_on, inits, exits, inputs_disposed, fails_left, init_fails;
static int64_t init_times[8];

static int reset(void **unused)
{
    (void)unused;
    atomic_uint *const counters[] = {&begun, &go_on, &inits, &exits, &inputs_disposed, &fails_left, &init_fails};
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        atomic_store(counters[i], 0);
    runtime = fake_start(1, 0);
    return 0;
}

static int finish(void **unused)
{
    (void)unused;
    if (runtime)
        fake_end(runtime);
    runtime = NULL;
    error_none();
    return 0;
}

static void end_now(void)
{
    fake_end(runtime);
    runtime = NULL;
}

/* ---- a task that sums, and fails when it is told to ---- */

enum { FAILS = -1, WAITS = -2, FLAKY = -3 }; /* inputs */

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

static jlt_persistent_type sum_type(jlt_on_failure on_failure)
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

static struct task *spawn_sum(const jlt_persistent_type *type)
{
    int config = 100;
    return spawn(runtime, type, &config);
}

static jlt_status invoke(struct task *task, int input, int *output)
{
    return runtime_invoke_task(task, &input, output);
}

static struct message *send(struct task *task, int input)
{
    return call(task, &input);
}

static struct message *monitor(struct task *task)
{
    struct message *receiver = NULL;
    check_ok(monitor_set(task, sizeof(jlt_end), &receiver));
    return receiver;
}

static void check_end(struct message *receiver, enum jlt_end_reason reason, jlt_status status, unsigned restarts)
{
    jlt_end end = {0};
    check_ok(message_receive(receiver, -1, &end));
    check(end.reason == (int)reason);
    check(end.status == status);
    check(end.restarts == restarts);
}

/* The task has ended, and says why. */
static void check_stopped(struct task *task, const char *cause)
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

/* ---- restarts ---- */

static void test_a_restart_makes_a_fresh_state_and_keeps_what_waits(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    struct task *task = spawn_sum(&type);
    int sum = 0;
    assert_ok(invoke(task, 5, &sum));
    assert_int_equal(sum, 105);
    struct message *busy = send(task, WAITS), *bad = send(task, FAILS), *next = send(task, 1), *last = send(task, 2);
    event_await(&begun, 1);
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, &sum));
    assert_int_equal(sum, 105);
    assert_status(message_receive(bad, -1, &sum), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "told to fail");
    assert_ok(message_receive(next, -1, &sum));
    assert_int_equal(sum, 101); /* with the config of the start */
    assert_ok(message_receive(last, -1, &sum));
    assert_int_equal(sum, 103);
    assert_int_equal(atomic_load(&inits), 2);
    assert_int_equal(atomic_load(&exits), 1);
    task_drop(task);
    end_now();
    assert_int_equal(atomic_load(&exits), 2);
    assert_int_equal(atomic_load(&inputs_disposed), 0);
}

static void test_a_task_without_the_flag_keeps_its_state(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_KEEP_GOING);
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    int sum = 0;
    assert_ok(invoke(task, 5, &sum));
    assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
    assert_ok(invoke(task, 5, &sum));
    assert_int_equal(sum, 110);
    task_drop(task);
    check_end(end, JLT_END_DROPPED, JLT_OK, 0);
}

static void test_without_a_limit_restarts_go_on(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.restart_window_ns = hour_ns;
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    int sum = 0;
    for (int i = 0; i < 200; i++)
        assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
    assert_ok(invoke(task, 1, &sum));
    assert_int_equal(sum, 101);
    task_drop(task);
    check_end(end, JLT_END_DROPPED, JLT_OK, 200);
}

/* The reply of the last is not waited for to be the first to know: what waits is told the cause, or refused. */
static void limit(int64_t window_ns)
{
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.restarts = 6;
    type.restart_window_ns = window_ns;
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    int sum = 0;
    for (int i = 0; i < 6; i++)
        assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
    assert_ok(invoke(task, 1, &sum));
    assert_status(message_receive(end, 0, NULL), JLT_TIMEOUT);
    assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "told to fail");
    check_end(end, JLT_END_FAILED, JLT_FAILED, 6);
    assert_int_equal(atomic_load(&inits), 7);
    assert_int_equal(atomic_load(&exits), 7);
    check_stopped(task, "told to fail");
    check_end(monitor(task), JLT_END_FAILED, JLT_FAILED, 6);
    task_drop(task);
}

static void test_a_restart_too_many_ends_the_task(void **unused)
{
    (void)unused;
    limit(0);
}

static void test_a_restart_too_many_in_the_window_ends_the_task(void **unused)
{
    (void)unused;
    limit(hour_ns);
}

static void test_restarts_before_the_window_do_not_count(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.restarts = 1;
    type.restart_window_ns = 1;
    struct task *task = spawn_sum(&type);
    int sum = 0;
    for (int i = 0; i < 20; i++) {
        assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
        assert_ok(invoke(task, 1, &sum));
        assert_int_equal(sum, 101);
    }
    task_drop(task);
}

static void test_an_init_that_fails_in_a_restart_ends_the_task(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    struct message *busy = send(task, WAITS), *bad = send(task, FAILS), *next = send(task, 1), *last = send(task, 2);
    atomic_store(&init_fails, 1);
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, NULL));
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "told to fail");
    assert_status(message_receive(next, -1, NULL), JLT_CLOSED);
    assert_contains(jlt_error_message(), "init was told to fail");
    assert_status(message_receive(last, -1, NULL), JLT_CLOSED);
    check_end(end, JLT_END_FAILED, JLT_EXCEPTION, 1);
    assert_int_equal(atomic_load(&exits), 1); /* as many as inits that succeeded */
    assert_int_equal(atomic_load(&inputs_disposed), 2);
    check_stopped(task, "init was told to fail");
    task_drop(task);
}

static void test_a_restart_without_memory_ends_the_task(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    atomic_store(&fake_failing_keeps, 1);
    assert_status(invoke(task, FAILS, NULL), JLT_FAILED);
    check_end(end, JLT_END_FAILED, JLT_NO_MEMORY, 1);
    task_drop(task);
}

static void test_a_body_that_is_not_begun_is_no_failure(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_STOP);
    struct task *task = spawn_sum(&type);
    atomic_store(&fake_failing_frames, 1);
    assert_status(invoke(task, 1, NULL), JLT_NO_MEMORY);
    assert_ok(invoke(task, 1, NULL));
    task_drop(task);
}

/* ---- stopping ---- */

static void test_a_task_that_stops_answers_what_waits(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_STOP);
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    struct message *busy = send(task, WAITS), *bad = send(task, FAILS), *next = send(task, 1);
    int input = 2;
    assert_ok(runtime_call(task, &input, SEND_WAIT, NULL));
    message_drop(send(task, 3));
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, NULL));
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
    assert_status(message_receive(next, -1, NULL), JLT_CLOSED);
    assert_contains(jlt_error_message(), "told to fail");
    assert_int_equal(atomic_load(&exits), 1); /* before they were answered */
    check_end(end, JLT_END_FAILED, JLT_FAILED, 0);
    check_stopped(task, "told to fail");
    assert_int_equal(atomic_load(&inputs_disposed), 3);
    assert_int_equal(atomic_load(&inits), 1);
    task_drop(task);
}

static void *send_until_closed(void *task)
{
    int input = 1;
    jlt_status status;
    do {
        status = runtime_call(task, &input, SEND_WAIT, NULL);
    } while (status == JLT_OK);
    check(status == JLT_CLOSED && strstr(jlt_error_message(), "told to fail"));
    task_drop(task);
    return NULL;
}

static void test_senders_that_wait_for_room_learn_that_the_task_has_stopped(void **unused)
{
    (void)unused;
    enum { senders = 4 };
    jlt_persistent_type type = sum_type(JLT_STOP);
    pthread_t threads[senders];
    type.capacity = 2;
    struct task *task = spawn_sum(&type);
    struct message *busy = send(task, WAITS), *bad;
    event_await(&begun, 1);
    bad = send(task, FAILS);
    for (int i = 0; i < senders; i++)
        threads[i] = thread_start(send_until_closed, task_clone(task));
    await_true(atomic_load(&task->gate.waiters) > 0);
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, NULL));
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
    for (int i = 0; i < senders; i++)
        thread_join(threads[i]);
    check_stopped(task, "told to fail");
    task_drop(task);
}

static void test_handles_of_a_stopped_task_outlive_the_runtime(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_STOP);
    struct task *task = spawn_sum(&type), *other = task_clone(task);
    assert_status(invoke(task, FAILS, NULL), JLT_FAILED);
    task_drop(task);
    runtime_drop(runtime);
    fake_finish_with(runtime, 1);
    runtime = NULL;
    task_drop(other);
}

/* ---- backing off ---- */

static void test_a_back_off_doubles_and_blocks_nobody(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    struct task *other = spawn_sum(&type);
    type.backoff_ns = short_ns;
    atomic_store(&inits, 0);
    struct task *task = spawn_sum(&type);
    int sum = 0;
    for (int restart = 1; restart <= 3; restart++) {
        int64_t before = platform_now();
        assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
        struct message *waiting = send(task, 1);
        assert_ok(invoke(other, 1, &sum)); /* on the same worker */
        assert_ok(message_receive(waiting, -1, &sum));
        assert_int_equal(sum, 101);
        assert_int_equal(atomic_load(&exits), restart);
        assert_true(init_times[restart] - before >= (short_ns << (restart - 1)) * 3 / 4);
    }
    task_drop(task);
    task_drop(other);
}

static struct task *spawn_patient(bool retry)
{
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.backoff_ns = hour_ns;
    type.retry = retry;
    return spawn_sum(&type);
}

static void test_a_close_does_not_wait_for_a_back_off(void **unused)
{
    (void)unused;
    struct task *task = spawn_patient(false), *idle = spawn_patient(false);
    struct message *end = monitor(task), *idle_end = monitor(idle);
    int sum = 0;
    assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
    assert_status(invoke(idle, FAILS, &sum), JLT_FAILED);
    struct message *waiting = send(task, 1), *bad = send(task, FAILS), *last = send(task, 2);
    event_await(&exits, 2);
    runtime_close(runtime, false);
    assert_ok(message_receive(waiting, -1, &sum)); /* drained by a fresh state */
    assert_int_equal(sum, 101);
    assert_status(message_receive(bad, -1, &sum), JLT_FAILED);
    assert_ok(message_receive(last, -1, &sum));
    assert_int_equal(sum, 102);
    check_end(end, JLT_END_CLOSED, JLT_OK, 2);
    check_end(idle_end, JLT_END_CLOSED, JLT_OK, 0); /* not brought up for nobody */
    task_drop(task);
    task_drop(idle);
    end_now();
    assert_int_equal(atomic_load(&exits), 4);
}

static void test_a_close_with_cancel_ends_a_back_off(void **unused)
{
    (void)unused;
    struct task *task = spawn_patient(true);
    struct message *end = monitor(task), *bad = send(task, FAILS), *waiting = send(task, 1);
    event_await(&exits, 1);
    runtime_close(runtime, true);
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED); /* it was begun */
    assert_status(message_receive(waiting, -1, NULL), JLT_CANCELLED);
    check_end(end, JLT_END_CLOSED, JLT_OK, 0);
    task_drop(task);
    end_now();
    assert_int_equal(atomic_load(&inits), 1);
}

static void test_a_message_to_be_retried_is_run_once_more_at_a_close(void **unused)
{
    (void)unused;
    struct task *task = spawn_patient(true);
    struct message *bad = send(task, FAILS);
    event_await(&exits, 1);
    runtime_close(runtime, false);
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
    task_drop(task);
    end_now();
    assert_int_equal(atomic_load(&inits), 2);
}

static void test_the_last_drop_ends_a_back_off_if_nothing_waits(void **unused)
{
    (void)unused;
    struct task *task = spawn_patient(false);
    struct message *end = monitor(task);
    assert_status(invoke(task, FAILS, NULL), JLT_FAILED);
    task_drop(task); /* it backs off, or is about to */
    check_end(end, JLT_END_DROPPED, JLT_OK, 0);
    assert_int_equal(atomic_load(&exits), 1);
}

static void test_what_waits_is_kept_when_the_last_handle_is_dropped(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.backoff_ns = short_ns;
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    int64_t before = platform_now();
    int sum = 0;
    assert_status(invoke(task, FAILS, NULL), JLT_FAILED);
    struct message *waiting = send(task, 1);
    task_drop(task);
    assert_ok(message_receive(waiting, -1, &sum));
    assert_int_equal(sum, 101);
    assert_true(init_times[1] - before >= short_ns * 3 / 4);
    check_end(end, JLT_END_DROPPED, JLT_OK, 1);
}

/* ---- retrying ---- */

static void test_a_message_is_retried_until_it_succeeds(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.retry = true;
    type.restarts = 5;
    struct task *task = spawn_sum(&type);
    int sum = 0;
    assert_ok(invoke(task, 7, &sum));
    atomic_store(&fails_left, 3);
    assert_ok(invoke(task, FLAKY, &sum));
    assert_int_equal(sum, 100);
    assert_int_equal(atomic_load(&inits), 4);
    /* those that wait come after it */
    struct message *busy = send(task, WAITS), *flaky = send(task, FLAKY), *next = send(task, 1);
    atomic_store(&fails_left, 1);
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, &sum));
    assert_ok(message_receive(flaky, -1, &sum));
    assert_int_equal(sum, 100);
    assert_ok(message_receive(next, -1, &sum));
    assert_int_equal(sum, 101);
    task_drop(task);
}

static void test_a_message_that_always_fails_is_answered_at_the_limit(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.retry = true;
    type.restarts = 3;
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task), *busy = send(task, WAITS), *bad = send(task, FAILS), *next = send(task, 1);
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, NULL));
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "told to fail");
    assert_status(message_receive(next, -1, NULL), JLT_CLOSED);
    check_end(end, JLT_END_FAILED, JLT_FAILED, 3);
    task_drop(task);
}

static void test_a_message_to_be_retried_has_its_own_failure_if_init_fails(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.retry = true;
    struct task *task = spawn_sum(&type);
    atomic_store(&init_fails, 1);
    assert_status(invoke(task, FAILS, NULL), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "told to fail");
    check_end(monitor(task), JLT_END_FAILED, JLT_EXCEPTION, 1);
    task_drop(task);
}

/* A message that is retried for ever does not keep others from their turn. */
static void test_a_message_that_is_retried_for_ever_leaves_others_their_turn(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    struct task *other = spawn_sum(&type);
    type.retry = true;
    struct task *task = spawn_sum(&type);
    struct message *bad = send(task, FAILS);
    await_true(atomic_load(&inits) > 10);
    for (int i = 0; i < 10; i++)
        assert_ok(invoke(other, 1, NULL));
    assert_status(message_receive(bad, 0, NULL), JLT_TIMEOUT);
    task_drop(other);
    task_drop(task);
    runtime_close(runtime, false);
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
}

static void large_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    const unsigned char *in = input;
    unsigned char *out = output;
    (void)state;
    for (int i = 0; i < 4000; i++) {
        check(in[i] == 1 && out[i] == 0);
        out[i] = 2;
    }
    if (atomic_load(&fails_left) && atomic_fetch_sub(&fails_left, 1))
        fake_fail(frame, JLT_FAILED, "told to fail");
}

static void test_a_large_output_is_zeroed_before_a_retry(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {
        .input_size = 4000,
        .output_size = 4000,
        .run = large_run,
        .on_failure = JLT_RESTART,
        .retry = true,
    };
    static unsigned char input[4000], output[4000];
    memset(input, 1, sizeof input);
    struct task *task = spawn(runtime, &type, NULL);
    atomic_store(&fails_left, 2);
    assert_ok(runtime_invoke_task(task, input, output));
    assert_int_equal(output[3999], 2);
    atomic_store(&fails_left, 2);
    assert_ok(message_receive(call(task, input), -1, output));
    task_drop(task);
}

/* ---- types ---- */

static void check_refused(const jlt_persistent_type *type, const char *text)
{
    assert_null(type_of(type));
    assert_int_equal(error_last()->status, JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), text);
}

static void test_members_that_make_no_sense_are_refused(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.backoff_ns = -1;
    check_refused(&type, "negative");
    type = sum_type(JLT_RESTART);
    type.restart_window_ns = -1;
    check_refused(&type, "negative");
    type = sum_type((jlt_on_failure)3);
    check_refused(&type, "on_failure");
    type = sum_type(JLT_STOP);
    type.retry = true;
    check_refused(&type, "JLT_RESTART");
    type = sum_type(JLT_KEEP_GOING);
    type.restarts = 1;
    check_refused(&type, "JLT_RESTART");
}

/* ---- all at once ---- */

enum { clients = 4, flaky_tasks = 3, rounds = 300 };
static struct task *flaky[flaky_tasks];

static void check_answered(jlt_status status)
{
    check(status == JLT_OK || status == JLT_FAILED || status == JLT_CLOSED || status == JLT_CANCELLED);
}

/* Each call is answered, whatever happens to its task. */
static void *use_flaky(void *argument)
{
    unsigned seed = 1 + (unsigned)(uintptr_t)argument;
    for (int i = 0; i < rounds; i++) {
        struct task *task = flaky[random_below(&seed, flaky_tasks)];
        int input = random_below(&seed, 8) ? 1 : FAILS, sum = 0;
        struct message *receiver = NULL;
        if (random_below(&seed, 2)) {
            jlt_status status = runtime_call(task, &input, SEND_WAIT, &receiver);
            if (status == JLT_OK && random_below(&seed, 4) == 0)
                message_drop(receiver);
            else if (status == JLT_OK)
                status = message_receive(receiver, -1, &sum);
            check_answered(status);
            continue;
        }
        jlt_status status = runtime_invoke_task(task, &input, &sum);
        check_answered(status);
        check(status != JLT_OK || sum > 100);
    }
    return NULL;
}

static void use_many(unsigned round)
{
    pthread_t threads[clients];
    jlt_persistent_type types[flaky_tasks];
    for (int i = 0; i < flaky_tasks; i++) {
        types[i] = sum_type(i == 2 ? JLT_STOP : JLT_RESTART);
        types[i].capacity = i == 1 ? 3 : 0;
        types[i].backoff_ns = i == 0 ? 10000 : 0;
        types[i].restart_window_ns = i == 0 ? 1000000 : 0;
        types[i].retry = i == 1 && round % 2;
        types[i].restarts = i == 1 ? 40 : 0;
        flaky[i] = spawn_sum(&types[i]);
    }
    for (uintptr_t i = 0; i < clients; i++)
        threads[i] = thread_start(use_flaky, (void *)(i + clients * round));
    if (round % 3 == 0)
        runtime_close(runtime, round % 2);
    for (int i = 0; i < clients; i++)
        thread_join(threads[i]);
    for (int i = 0; i < flaky_tasks; i++)
        task_drop(flaky[i]);
    end_now();
    assert_int_equal(atomic_load(&inits), atomic_load(&exits));
}

static void test_every_call_is_answered_whatever_fails(void **unused)
{
    (void)unused;
    for (unsigned round = 0; round < 12; round++) {
        finish(NULL);
        reset(NULL);
        end_now();
        runtime = fake_start(1 + round % 3, 0);
        use_many(round);
    }
}

int main(void)
{
#define failure_test(name) cmocka_unit_test_setup_teardown(name, reset, finish)
    const struct CMUnitTest tests[] = {
        failure_test(test_a_restart_makes_a_fresh_state_and_keeps_what_waits),
        failure_test(test_a_task_without_the_flag_keeps_its_state),
        failure_test(test_without_a_limit_restarts_go_on),
        failure_test(test_a_restart_too_many_ends_the_task),
        failure_test(test_a_restart_too_many_in_the_window_ends_the_task),
        failure_test(test_restarts_before_the_window_do_not_count),
        failure_test(test_an_init_that_fails_in_a_restart_ends_the_task),
        failure_test(test_a_restart_without_memory_ends_the_task),
        failure_test(test_a_body_that_is_not_begun_is_no_failure),
        failure_test(test_a_task_that_stops_answers_what_waits),
        failure_test(test_senders_that_wait_for_room_learn_that_the_task_has_stopped),
        failure_test(test_handles_of_a_stopped_task_outlive_the_runtime),
        failure_test(test_a_back_off_doubles_and_blocks_nobody),
        failure_test(test_a_close_does_not_wait_for_a_back_off),
        failure_test(test_a_close_with_cancel_ends_a_back_off),
        failure_test(test_a_message_to_be_retried_is_run_once_more_at_a_close),
        failure_test(test_the_last_drop_ends_a_back_off_if_nothing_waits),
        failure_test(test_what_waits_is_kept_when_the_last_handle_is_dropped),
        failure_test(test_a_message_is_retried_until_it_succeeds),
        failure_test(test_a_message_that_always_fails_is_answered_at_the_limit),
        failure_test(test_a_message_to_be_retried_has_its_own_failure_if_init_fails),
        failure_test(test_a_message_that_is_retried_for_ever_leaves_others_their_turn),
        failure_test(test_a_large_output_is_zeroed_before_a_retry),
        failure_test(test_members_that_make_no_sense_are_refused),
        failure_test(test_every_call_is_answered_whatever_fails),
    };
    return fake_run_tests(tests);
}
