/* SPDX-License-Identifier: MIT
 *
 * Many clients, many tasks, several workers, tasks that come and go: every reply is right, and nothing is left. */
#include "core/fake_engine.h"

#include <sched.h>

enum { clients = 4, tasks = 12, rounds = 400, starts = 150 };

static struct runtime *runtime;
static struct task *all[tasks];
static atomic_uint exits, disposed, outputs_given_up;

struct question {
    int number, next; /* next: which task to ask in turn; 0: none */
};

/* ---- the tasks ---- */

struct member {
    int self;
    int64_t handled;
};

static void member_init(jlt_frame *frame, void *state, const void *config)
{
    struct member *self = state;
    self->self = *(const int *)config;
    if (self->self < 0)
        fake_fail(frame, JLT_FAILED, "not wanted");
}

/* Doubles the number, through another task if the question says so. Tasks ask only those after them, so that none
 * waits for itself. */
static void member_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct member *self = state;
    struct question in = *(const struct question *)input;
    self->handled++;
    if (in.number % 13 == 0)
        fake_yield();
    if (in.number % 17 == 0)
        fake_fail(frame, JLT_EXCEPTION, "17");
    else if (in.next > self->self)
        check_ok(runtime_invoke_task(all[in.next], &(struct question){in.number, 0}, output));
    else
        *(int *)output = 2 * in.number;
}

static void member_exit(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
    atomic_fetch_add(&exits, 1);
}

static void dispose_output(void *output)
{
    check(*(int *)output % 2 == 0);
    atomic_fetch_add(&disposed, 1);
}

static const jlt_persistent_type member_type = {
    .name = "member",
    .state_size = sizeof(struct member),
    .config_size = sizeof(int),
    .input_size = sizeof(struct question),
    .output_size = sizeof(int),
    .init = member_init,
    .run = member_run,
    .exit = member_exit,
    .dispose_output = dispose_output,
};

static void double_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    int number = *(const int *)input;
    if (number % 11 == 0)
        fake_yield();
    *(int *)output = 2 * number;
}

static const jlt_task_type double_type = {
    .name = "double",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = double_run,
    .dispose_output = dispose_output,
};

/* ---- the clients ---- */

static void check_reply(jlt_status status, int number, int output)
{
    if (number % 17 == 0)
        check(status == JLT_EXCEPTION && !strcmp(jlt_error_message(), "17"));
    else
        check(status == JLT_OK && output == 2 * number);
}

static void ask_at_once(struct task *task, struct question question)
{
    int output = 0;
    jlt_status status = runtime_invoke_task(task, &question, &output);
    check_reply(status, question.number, output);
}

static void ask_and_poll(struct task *task, struct question question, unsigned *seed)
{
    int output = 0;
    struct message *receiver = call(task, &question);
    jlt_status status;
    do
        status = message_receive(receiver, random_below(seed, 20000), &output);
    while (status == JLT_TIMEOUT);
    check_reply(status, question.number, output);
}

static void ask_and_give_up(struct task *task, struct question question)
{
    message_drop(call(task, &question));
    if (question.number % 17)
        atomic_fetch_add(&outputs_given_up, 1);
}

static void ask_many(struct task *task, struct question question)
{
    enum { many = 16 };
    struct message *receivers[many];
    for (int i = 0; i < many; i++) {
        struct question next = {question.number + i, question.next};
        if (i % 4 || runtime_call(task, &next, SEND_TRY, &receivers[i]) != JLT_OK)
            receivers[i] = call(task, &next);
    }
    for (int i = 0; i < many; i++) {
        int output = 0;
        jlt_status status = message_receive(receivers[i], -1, &output);
        check_reply(status, question.number + i, output);
    }
}

static void run_once(int number)
{
    int output = 0;
    if (number % 5 == 0) {
        message_drop(dispatch(runtime, &double_type, &number));
        atomic_fetch_add(&outputs_given_up, 1);
    }
    check_ok(runtime_invoke(runtime, type_of(&double_type), &number, &output));
    check(output == 2 * number);
}

static void *ask_questions(void *data)
{
    unsigned seed = 1 + (unsigned)(intptr_t)data;
    for (int i = 0; i < rounds; i++) {
        struct task *task = task_clone(all[random_below(&seed, tasks)]);
        struct question question = {(int)random_below(&seed, 100000), (int)random_below(&seed, tasks)};
        switch (random_below(&seed, 5)) {
        case 0:
            ask_at_once(task, question);
            break;
        case 1:
            ask_and_poll(task, question, &seed);
            break;
        case 2:
            ask_and_give_up(task, question);
            break;
        case 3:
            ask_many(task, question);
            break;
        default:
            run_once(question.number);
        }
        task_drop(task);
    }
    return NULL;
}

static void *start_and_drop(void *data)
{
    unsigned seed = 1 + (unsigned)(intptr_t)data;
    for (int i = 0; i < starts; i++) {
        int config = i % 10 == 9 ? -1 : 0;
        struct message *receiver = dispatch_start(runtime, &member_type, &config);
        if (random_below(&seed, 4) == 0) {
            message_drop(receiver);
            continue;
        }
        struct task *task;
        jlt_status status = message_receive(receiver, -1, &task);
        check(status == (config < 0 ? JLT_FAILED : JLT_OK));
        if (status != JLT_OK)
            continue;
        ask_many(task, (struct question){i, (int)random_below(&seed, tasks)});
        task_drop(task);
    }
    return NULL;
}

/* ---- the tests ---- */

static void run(unsigned workers, size_t channel_capacity, size_t mailbox_capacity)
{
    jlt_persistent_type type = member_type;
    pthread_t threads[clients + 1];
    type.capacity = mailbox_capacity;
    atomic_store(&exits, 0);
    atomic_store(&disposed, 0);
    atomic_store(&outputs_given_up, 0);
    runtime = fake_start(workers, channel_capacity);
    for (int i = 0; i < tasks; i++)
        all[i] = spawn(runtime, &type, &i);
    for (int i = 0; i < clients; i++)
        threads[i] = thread_start(ask_questions, (void *)(intptr_t)(i * 1000));
    threads[clients] = thread_start(start_and_drop, (void *)(intptr_t)5);
    for (int i = 0; i <= clients; i++)
        thread_join(threads[i]);
    await_true(atomic_load(&disposed) == atomic_load(&outputs_given_up)); /* until then bodies may use `all` */
    for (int i = 0; i < tasks; i++)
        task_drop(all[i]);
    fake_end(runtime);
    assert_int_equal(atomic_load(&exits), tasks + starts - starts / 10);
    assert_int_equal(atomic_load(&disposed), atomic_load(&outputs_given_up));
    error_none();
    if (checks_enabled)
        assert_int_equal(atomic_load(&live_counts.errors), 0);
}

static void test_one_worker(void **unused)
{
    (void)unused;
    run(1, 0, 0);
}

static void test_two_workers(void **unused)
{
    (void)unused;
    run(2, 0, 0);
}

static void test_three_workers_with_bounds(void **unused)
{
    (void)unused;
    run(3, 4, 3);
}

/* Clients that all sleep between their messages, and so does the worker: each message must wake it. */
static void *ask_one_by_one(void *data)
{
    struct task *task = data;
    for (int i = 1; i <= 2500; i++)
        ask_at_once(task, (struct question){i * 13 * 17 + 1, 0});
    task_drop(task);
    return NULL;
}

static void test_a_worker_that_often_sleeps_misses_no_message(void **unused)
{
    (void)unused;
    pthread_t threads[clients];
    runtime = fake_start(1, 0);
    for (int i = 0; i < clients; i++)
        threads[i] = thread_start(ask_one_by_one, spawn(runtime, &member_type, &(int){0}));
    for (int i = 0; i < clients; i++)
        thread_join(threads[i]);
    fake_end(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_worker),
        cmocka_unit_test(test_two_workers),
        cmocka_unit_test(test_three_workers_with_bounds),
        cmocka_unit_test(test_a_worker_that_often_sleeps_misses_no_message),
    };
    return fake_run_tests(tests);
}
