/* SPDX-License-Identifier: MIT
 *
 * The express way of synchronous calls (core/express.h). Workers wait awake here as long as it takes, so that a call
 * that is answered while nothing else is to be done is expected again. */
#include "core/express.h"

#include "core/engine.h"
#include "core/fake_engine.h"
#include "platform/platform.h"

enum { clients = 3, common = 4, rounds = 2000 };

static struct runtime *runtime;
static atomic_uint computing, go_on, ran;

/* ---- a task that sums ---- */

enum { COMPUTES = -1, FAILS = -2, CLOSES = -3 }; /* inputs besides terms */

static void sum_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    int term = *(const int *)input;
    if (term == COMPUTES) {
        event_raise(&computing);
        await_true(atomic_load(&go_on));
        return;
    }
    if (term == FAILS) {
        fake_fail(frame, JLT_FAILED, "told to");
        return;
    }
    if (term == CLOSES) {
        runtime_close(runtime, true);
        check_ok(runtime_close_within(runtime, 0));
        return;
    }
    atomic_fetch_add(&ran, 1);
    *(int *)state += term;
    *(int *)output = *(int *)state;
}

static const jlt_persistent_type sum_type = {
    .name = "sum", .state_size = sizeof(int), .input_size = sizeof(int), .output_size = sizeof(int), .run = sum_run};

static const jlt_persistent_type owning_type = {.name = "owning",
                                                .state_size = sizeof(int),
                                                .input_size = sizeof(int),
                                                .output_size = sizeof(int),
                                                .run = sum_run,
                                                .dispose_input = count_disposed_input};

static struct task *spawn_sum(void)
{
    return spawn(runtime, &sum_type, NULL);
}

static jlt_status invoke(struct task *task, int input, int *output)
{
    return runtime_invoke_task(task, &input, output);
}

/* The calling thread's next call is expected. False: the runtime is closed. */
static bool get_expected(struct task *task)
{
    int sum;
    do {
        if (invoke(task, 0, &sum) != JLT_OK)
            return false;
    } while (!express_is_expected());
    return true;
}

static void start(unsigned workers)
{
    atomic_store(&computing, 0);
    atomic_store(&go_on, 0);
    atomic_store(&ran, 0);
    atomic_store(&disposed_inputs, 0);
    runtime = fake_start(workers, 0);
}

static void end(void)
{
    fake_end(runtime);
}

/* ---- tests ---- */

static void a_call_that_is_expected_is_answered_and_expected_again(void **unused)
{
    (void)unused;
    start(2);
    struct task *task = spawn_sum(), *other = spawn_sum();
    int sum;
    check(get_expected(task));
    for (int i = 1; i <= rounds; i++) {
        check_ok(invoke(task, 1, &sum));
        check(sum == i);
        check_ok(invoke(other, 2, &sum));
        check(sum == 2 * i);
        check_status(invoke(other, FAILS, &sum), JLT_FAILED);
        check(get_expected(task));
    }
    task_drop(task);
    task_drop(other);
    end();
}

/* Calls of the same thread that are on their way in the ordinary way. */
static void a_call_comes_after_what_its_sender_has_sent_before(void **unused)
{
    (void)unused;
    start(2);
    struct task *task = spawn_sum(), *other = spawn_sum();
    int sum, wanted = 0;
    for (int i = 0; i < rounds; i++) {
        check(get_expected(i % 2 ? task : other));
        for (int sent = 0; sent < i % 4; sent++, wanted++)
            message_drop(call(task, &(int){1}));
        check_ok(invoke(task, 1, &sum));
        check(sum == ++wanted);
    }
    task_drop(task);
    task_drop(other);
    end();
}

static void *computes(void *task)
{
    int sum;
    check_ok(invoke(task, COMPUTES, &sum));
    return NULL;
}

/* What the worker expected it does not wait for, nor keep from others, once it has a body. */
static void a_worker_that_has_something_to_do_keeps_no_call_waiting(void **unused)
{
    (void)unused;
    start(2);
    struct task *task = spawn_sum(), *long_one = spawn_sum();
    int sum;
    check(get_expected(task));
    pthread_t thread = thread_start(computes, long_one);
    event_await(&computing, 1);
    check_ok(invoke(task, 1, &sum));
    check(sum == 1);
    atomic_store(&go_on, 1);
    thread_join(thread);
    task_drop(task);
    task_drop(long_one);
    end();
}

static void a_worker_that_sleeps_is_woken(void **unused)
{
    (void)unused;
    start(1);
    struct task *task = spawn_sum();
    int sum;
    check(get_expected(task));
    await_true(!express_is_expected());
    check_ok(invoke(task, 1, &sum));
    task_drop(task);
    end();
}

static atomic_uint ran_on;

static void where_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
    atomic_store(&ran_on, current_fiber->worker->number + 1);
}

static void a_type_keeps_its_thread(void **unused)
{
    (void)unused;
    start(3);
    struct task *any = spawn_sum();
    for (unsigned thread = 1; thread <= 3; thread++) {
        const jlt_persistent_type type = {.name = "where", .run = where_run, .thread = thread};
        struct task *bound = spawn(runtime, &type, NULL);
        for (int i = 0; i < rounds / 10; i++) {
            check(get_expected(i % 2 ? any : bound));
            check_ok(runtime_invoke_task(bound, NULL, NULL));
            check(atomic_load(&ran_on) == thread);
        }
        task_drop(bound);
    }
    task_drop(any);
    end();
}

static struct task *shared[common];
static atomic_int sums[common];

static void *calls_all(void *seed)
{
    unsigned random = (unsigned)(uintptr_t)seed;
    for (int i = 0; i < rounds; i++) {
        unsigned which = random_below(&random, common);
        int term = (int)random_below(&random, 5), sum;
        if (random_below(&random, 8) == 0)
            message_drop(call(shared[which], &term));
        else
            check_ok(invoke(shared[which], term, &sum));
        atomic_fetch_add(&sums[which], term);
    }
    return NULL;
}

static void many_clients_share_tasks(void **unused)
{
    (void)unused;
    pthread_t threads[clients];
    start(2);
    for (int i = 0; i < common; i++) {
        shared[i] = spawn_sum();
        atomic_store(&sums[i], 0);
    }
    for (uintptr_t i = 0; i < clients; i++)
        threads[i] = thread_start(calls_all, (void *)(i + 1)); /* NOLINT(performance-no-int-to-ptr) */
    for (int i = 0; i < clients; i++)
        thread_join(threads[i]);
    for (int i = 0; i < common; i++) {
        int sum;
        check_ok(invoke(shared[i], 0, &sum));
        check(sum == atomic_load(&sums[i]));
        task_drop(shared[i]);
    }
    end();
}

static void *gets_expected(void *task)
{
    check(get_expected(task));
    return NULL;
}

/* The memory is there until the worker looks at it no longer; the address sanitizer sees it freed too early, or not. */
static void threads_that_are_expected_may_end(void **unused)
{
    (void)unused;
    start(2);
    struct task *task = spawn_sum();
    for (int i = 0; i < rounds / 10; i++)
        thread_join(thread_start(gets_expected, task));
    task_drop(task);
    end();
}

struct caller {
    struct task *task;
    unsigned done, cancelled;
};

static void *calls_until_closed(void *argument)
{
    struct caller *caller = argument;
    int sum = 0;
    jlt_status status;
    event_raise(&computing); /* ready */
    while ((status = invoke(caller->task, 1, &sum)) == JLT_OK)
        check(sum == (int)++caller->done);
    check(status == JLT_CLOSED || status == JLT_CANCELLED);
    caller->cancelled = status == JLT_CANCELLED;
    return NULL;
}

/* What is accepted is run, or its input is disposed of; of what is not, that stays its caller's. */
static void a_call_meets_the_close(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds / 10; i++) {
        pthread_t threads[clients];
        struct caller callers[clients];
        start(1 + (unsigned)i % 2);
        for (int j = 0; j < clients; j++) {
            callers[j] = (struct caller){spawn(runtime, &owning_type, NULL), 0, 0};
            threads[j] = thread_start(calls_until_closed, &callers[j]);
        }
        event_await(&computing, clients);
        runtime_close(runtime, i % 4 == 3);
        unsigned done = 0, cancelled = 0;
        for (int j = 0; j < clients; j++) {
            thread_join(threads[j]);
            task_drop(callers[j].task);
            done += callers[j].done;
            cancelled += callers[j].cancelled;
        }
        check(atomic_load(&ran) == done && atomic_load(&disposed_inputs) == cancelled);
        end();
    }
}

/* The body is still there when its caller is answered, and answers into the message later. */
static void a_call_that_nobody_waits_for_any_longer_leaves_its_message(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds / 100; i++) {
        int sum;
        start(1);
        struct task *task = spawn_sum();
        check(get_expected(task));
        jlt_status status = invoke(task, CLOSES, &sum);
        check(status == JLT_OK || status == JLT_CANCELLED);
        task_drop(task);
        end();
    }
}

static void exit_run(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
}

/* Until its worker expects the next call and is held where it does not see it come. */
static void get_expected_unseen(struct task *task)
{
    do {
        check(get_expected(task));
        atomic_store(&fake_hold_at_safepoints, true);
        await_true(atomic_load(&fake_held_at_safepoints) || !express_is_expected());
        if (express_is_expected())
            return;
        atomic_store(&fake_hold_at_safepoints, false);
    } while (true);
}

static void *calls_and_drops(void *task)
{
    int sum;
    get_expected_unseen(task);
    event_raise(&computing); /* ready */
    check_status(invoke(task, 1, &sum), JLT_CANCELLED);
    task_drop(task);
    return NULL;
}

/* Its task is there until the worker has seen that there is a call, and has answered it. */
static void a_call_that_was_given_up_before_it_was_seen_keeps_its_task(void **unused)
{
    (void)unused;
    jlt_persistent_type exits = sum_type;
    exits.exit = exit_run;
    for (int i = 0; i < rounds / 100; i++) {
        start(1);
        pthread_t thread = thread_start(calls_and_drops, spawn(runtime, i % 2 ? &exits : &sum_type, NULL));
        event_await(&computing, 1);
        await_true(stats_queued(runtime) == 1);
        check_ok(runtime_close_within(runtime, 0));
        thread_join(thread);
        atomic_store(&fake_hold_at_safepoints, false);
        end();
    }
}

int main(void)
{
    if (platform_processors() == 1) {
        print_message("no worker waits awake on a machine with one processor\n");
        return 0;
    }
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_is_expected_is_answered_and_expected_again),
        cmocka_unit_test(a_call_comes_after_what_its_sender_has_sent_before),
        cmocka_unit_test(a_worker_that_has_something_to_do_keeps_no_call_waiting),
        cmocka_unit_test(a_worker_that_sleeps_is_woken),
        cmocka_unit_test(a_type_keeps_its_thread),
        cmocka_unit_test(many_clients_share_tasks),
        cmocka_unit_test(threads_that_are_expected_may_end),
        cmocka_unit_test(a_call_meets_the_close),
        cmocka_unit_test(a_call_that_nobody_waits_for_any_longer_leaves_its_message),
        cmocka_unit_test(a_call_that_was_given_up_before_it_was_seen_keeps_its_task),
    };
    return fake_run_awake(tests);
}
