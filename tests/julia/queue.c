/* SPDX-License-Identifier: MIT
 *
 * Completion queues over a real Julia: what comes out while bodies sleep, fail, wait for each other and are closed. */
#include "julia/fixture.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <unistd.h>

static jlt_queue *queue;

static int start_threads(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread));
    return 0;
}

static int make_queue(void **unused)
{
    (void)unused;
    assert_ok(jlt_queue_new(&queue));
    return 0;
}

static int drop_queue(void **unused)
{
    (void)unused;
    jlt_queue_drop(queue);
    queue = NULL;
    return 0;
}

/* Sleeps for so many seconds; negative: throws. */
static void nap_run(jlt_frame *frame, const void *input, void *output)
{
    const double *seconds = input;
    jlt_call(frame, jlt_global(frame, *seconds < 0 ? "Base.sqrt" : "Base.sleep"), jlt_box_f64(frame, *seconds));
    *(double *)output = *seconds;
}

#define DOUBLES .input_size = sizeof(double), .output_size = sizeof(double)
static const jlt_task_type nap_type = {.name = "nap", DOUBLES, .run = nap_run};

/* Waits until it is opened: gate 1 or 2. */
static void gate_run(jlt_frame *frame, const void *input, void *output)
{
    jlt_eval(frame, *(const double *)input == 1 ? "wait(gates[1])" : "wait(gates[2])");
    *(double *)output = *(const double *)input;
}

static const jlt_task_type gate_type = {.name = "gate", DOUBLES, .run = gate_run};

static void make_gates(jlt_frame *frame)
{
    jlt_eval(frame, "gates = [Base.Event(), Base.Event()]");
}

static void open_first(jlt_frame *frame)
{
    jlt_eval(frame, "notify(gates[1])");
}

static void open_second(jlt_frame *frame)
{
    jlt_eval(frame, "notify(gates[2])");
}

static void nap(double seconds, void *user)
{
    const jlt_call_options options = {.queue = queue, .user = user};
    assert_ok(jlt_task_dispatch_with(runtime, &nap_type, &seconds, &options, NULL));
}

/* ---- what comes out ---- */

static void test_replies_and_exceptions_come_out_as_they_are_made(void **unused)
{
    (void)unused;
    int first, second, third;
    double output;
    jlt_completion completion;
    in_body(make_gates);
    for (int i = 1; i <= 2; i++) {
        const jlt_call_options options = {.queue = queue, .user = i == 1 ? &third : &second};
        assert_ok(jlt_task_dispatch_with(runtime, &gate_type, &(double){i}, &options, NULL));
    }
    nap(-1, &first);
    assert_ok(jlt_queue_take(queue, -1, &completion));
    assert_ptr_equal(completion.user, &first);
    assert_status(jlt_receiver_recv(completion.receiver, &output), JLT_EXCEPTION);
    assert_string_equal(jlt_error_type(), "DomainError");
    in_body(open_second);
    assert_ok(jlt_queue_take(queue, -1, &completion));
    assert_ptr_equal(completion.user, &second);
    assert_ok(jlt_receiver_recv(completion.receiver, &output));
    in_body(open_first);
    assert_ok(jlt_queue_take(queue, -1, &completion));
    assert_ptr_equal(completion.user, &third);
    assert_ok(jlt_receiver_recv(completion.receiver, &output));
    assert_true(output == 1);
    assert_status(jlt_queue_take(queue, 0, &completion), JLT_PENDING);
}

static int count_threads(void)
{
    int count = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "Threads: %d", &count) == 1)
            break;
    fclose(status);
    return count;
}

/* On edges, so that each that is missed would be waited for in vain. */
static void test_many_calls_under_way_cost_no_thread(void **unused)
{
    (void)unused;
    int calls = test_is_stress() ? 10 : 10000, left = calls, loop = epoll_create1(EPOLL_CLOEXEC);
    jlt_completion completions[64];
    size_t count;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    assert_int_equal(epoll_ctl(loop, EPOLL_CTL_ADD, jlt_queue_descriptor(queue), &event), 0);
    nap(0, NULL);
    assert_ok(jlt_queue_take(queue, -1, completions));
    jlt_receiver_drop(completions[0].receiver);
    int threads = count_threads();
    for (int i = 0; i < calls; i++)
        nap(0.001 * (i % 100), NULL);
    assert_int_equal(count_threads(), threads);
    while (left) {
        assert_int_equal(epoll_wait(loop, &event, 1, 60000), 1);
        while (jlt_queue_take_many(queue, 0, completions, 64, &count) == JLT_OK) {
            left -= (int)count;
            for (size_t i = 0; i < count; i++)
                assert_ok(jlt_receiver_recv(completions[i].receiver, NULL));
        }
    }
    close(loop);
}

/* ---- in bodies ---- */

static void gather_run(jlt_frame *frame, const void *input, void *output)
{
    const jlt_call_options options = {.queue = queue};
    double seconds = *(const double *)input, sum = 0, one;
    for (int i = 0; i < 10; i++)
        EXPECT(jlt_task_dispatch_with(runtime, &nap_type, &seconds, &options, NULL) == JLT_OK);
    for (int i = 0; i < 10; i++) {
        jlt_completion completion;
        EXPECT(jlt_queue_take(queue, i % 2 ? -1 : 3600LL * 1000000000, &completion) == JLT_OK);
        EXPECT(jlt_receiver_recv(completion.receiver, &one) == JLT_OK);
        sum += one;
    }
    *(double *)output = sum;
}

static const jlt_task_type gather_type = {.name = "gather", DOUBLES, .run = gather_run};

static void test_a_body_that_takes_lets_its_thread_go_on(void **unused)
{
    (void)unused;
    double seconds = 0.01, output;
    assert_ok(jlt_task_invoke(runtime, &gather_type, &seconds, &output));
    assert_true(output > 0.0999 && output < 0.1001);
}

static atomic_int ended_with;

static void wait_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    jlt_completion completion;
    atomic_store(&ended_with, jlt_queue_take(queue, -1, &completion));
}

static const jlt_task_type wait_type = {.name = "wait", .run = wait_run};

static void await_end(jlt_status status)
{
    while (atomic_load(&ended_with) < 0)
        sched_yield();
    assert_int_equal(atomic_load(&ended_with), status);
}

static void test_a_body_that_takes_is_told_to_stop(void **unused)
{
    (void)unused;
    jlt_receiver *receiver;
    atomic_store(&ended_with, -1);
    assert_ok(jlt_task_dispatch(runtime, &wait_type, NULL, &receiver));
    double seconds = 0.01; /* the body waits by then, most likely */
    assert_ok(jlt_task_invoke(runtime, &nap_type, &seconds, NULL));
    assert_ok(jlt_receiver_cancel(receiver));
    assert_status(jlt_receiver_recv(receiver, NULL), JLT_CANCELLED);
    await_end(JLT_CANCELLED);
}

static void test_a_drop_ends_the_take_of_a_body(void **unused)
{
    (void)unused;
    jlt_receiver *receiver;
    atomic_store(&ended_with, -1);
    assert_ok(jlt_task_dispatch(runtime, &wait_type, NULL, &receiver));
    double seconds = 0.05;
    assert_ok(jlt_task_invoke(runtime, &nap_type, &seconds, NULL));
    jlt_queue_drop(queue);
    assert_ok(jlt_receiver_recv(receiver, NULL));
    await_end(JLT_CLOSED);
    queue = NULL;
}

/* ---- tasks ---- */

static void add_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    jlt_value *sum = jlt_call(frame, jlt_global(frame, "Base.+"), jlt_box_f64(frame, *(double *)state),
                              jlt_box_f64(frame, *(const double *)input));
    *(double *)output = *(double *)state = jlt_unbox_f64(frame, sum);
}

static const jlt_persistent_type add_type = {
    .name = "add", .state_size = sizeof(double), .capacity = 3, DOUBLES, .run = add_run};

static void test_starts_batches_and_ends_come_out_of_it(void **unused)
{
    (void)unused;
    enum { count = 9 };
    const jlt_call_options options = {.queue = queue, .user = &queue};
    const double one = 1;
    jlt_message messages[count];
    jlt_completion completion;
    jlt_persistent *tasks[3];
    double output, total = 0;
    jlt_end end;
    size_t sent;
    for (int i = 0; i < 3; i++) {
        assert_ok(jlt_persistent_dispatch_with(runtime, &add_type, NULL, &options, NULL));
        assert_ok(jlt_queue_take(queue, -1, &completion));
        assert_ok(jlt_receiver_recv(completion.receiver, &tasks[i]));
        assert_ok(jlt_persistent_monitor_with(tasks[i], &options, NULL));
    }
    for (int i = 0; i < count; i++)
        messages[i] = (jlt_message){.task = tasks[i / 3], .input = &one, .user = &messages[i]};
    assert_ok(jlt_persistent_call_many(messages, count, &options, &sent));
    assert_int_equal(sent, count);
    for (int i = 0; i < count; i++) {
        assert_ok(jlt_queue_take(queue, -1, &completion));
        assert_ok(jlt_receiver_recv(completion.receiver, &output));
        assert_true(output == 1 + ((jlt_message *)completion.user - messages) % 3);
        total += output;
    }
    assert_true(total == 18);
    for (int i = 0; i < 3; i++) {
        jlt_persistent_drop(tasks[i]);
        assert_ok(jlt_queue_take(queue, -1, &completion));
        assert_ptr_equal(completion.user, &queue);
        assert_ok(jlt_receiver_recv(completion.receiver, &end));
        assert_int_equal(end.reason, JLT_END_DROPPED);
    }
}

/* ---- callbacks ---- */

static atomic_int called;

static void send_again(void *context, const jlt_completion *completion)
{
    double output;
    int *left = completion->user;
    if (jlt_receiver_recv(completion->receiver, &output) == JLT_OK && --*left) {
        const jlt_call_options options = {.queue = context, .user = left};
        jlt_task_dispatch_with(runtime, &nap_type, &output, &options, NULL);
    }
    atomic_fetch_add(&called, 1);
}

static void test_a_callback_may_send(void **unused)
{
    (void)unused;
    int left = 5;
    atomic_store(&called, 0);
    assert_ok(jlt_queue_set_callback(queue, send_again, queue));
    nap(0.001, &left);
    while (atomic_load(&called) < 5)
        sched_yield();
}

/* ---- misuse ---- */

static void test_bad_arguments_are_refused(void **unused)
{
    (void)unused;
    const jlt_call_options options = {.queue = queue};
    jlt_completion completion;
    jlt_receiver *receiver;
    double seconds = 0.05, output;
    size_t count = 7;
    assert_status(jlt_queue_new(NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_queue_take(NULL, 0, &completion), JLT_INVALID_ARGUMENT);
    assert_status(jlt_queue_take(queue, 0, NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_queue_take_many(queue, 0, &completion, 0, &count), JLT_INVALID_ARGUMENT);
    assert_status(jlt_queue_take_many(queue, 0, &completion, 1, NULL), JLT_INVALID_ARGUMENT);
    assert_int_equal(count, 7);
    assert_int_equal(jlt_queue_descriptor(NULL), -1);
    assert_status(jlt_queue_add(NULL, NULL, NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_queue_add(queue, NULL, NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_queue_set_callback(queue, NULL, NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_persistent_call_many(NULL, 1, &options, NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_task_invoke_with(runtime, &nap_type, &seconds, &options, &output), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "queue");
    assert_ok(jlt_task_dispatch_with(runtime, &nap_type, &seconds, &options, &receiver));
    assert_status(jlt_receiver_recv(receiver, &output), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "queue");
    assert_status(jlt_receiver_recv_timeout(receiver, 1, &output), JLT_INVALID_ARGUMENT);
    assert_status(jlt_receiver_try_recv(receiver, &output), JLT_INVALID_ARGUMENT);
    assert_status(jlt_queue_add(queue, receiver, NULL), JLT_INVALID_ARGUMENT);
    assert_ok(jlt_queue_take(queue, -1, &completion));
    assert_ptr_equal(completion.receiver, receiver);
    assert_ok(jlt_receiver_recv(receiver, &output));
    jlt_queue_drop(NULL);
}

/* ---- the last: the runtime closes ---- */

static void test_a_close_with_a_limit_comes_out_of_it(void **unused)
{
    (void)unused;
    jlt_completion completion;
    nap(1000, NULL);
    nap(1000, NULL);
    nap(0, NULL);
    assert_ok(jlt_queue_take(queue, -1, &completion));
    assert_ok(jlt_receiver_recv(completion.receiver, NULL));
    assert_ok(jlt_runtime_close_within(runtime, 10000000));
    for (int i = 0; i < 2; i++) {
        assert_ok(jlt_queue_take(queue, -1, &completion));
        assert_status(jlt_receiver_recv(completion.receiver, NULL), JLT_CANCELLED);
    }
    assert_status(jlt_queue_take(queue, -1, &completion), JLT_CLOSED); /* when Julia has ended */
    assert_status(jlt_queue_take(queue, 0, &completion), JLT_PENDING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, make_queue, drop_queue)
    const struct CMUnitTest tests[] = {
        TEST(replies_and_exceptions_come_out_as_they_are_made),
        TEST(many_calls_under_way_cost_no_thread),
        TEST(a_body_that_takes_lets_its_thread_go_on),
        TEST(a_body_that_takes_is_told_to_stop),
        TEST(a_drop_ends_the_take_of_a_body),
        TEST(starts_batches_and_ends_come_out_of_it),
        TEST(a_callback_may_send),
        TEST(bad_arguments_are_refused),
        TEST(a_close_with_a_limit_comes_out_of_it),
    };
    return cmocka_run_group_tests(tests, start_threads, stop_runtime);
}
