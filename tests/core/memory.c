/* SPDX-License-Identifier: MIT
 *
 * Lack of memory. The linker puts the functions below in the place of malloc and its like in core and in the engine,
 * and they fail once, at the first, second, third, ... allocation of a scene, until the scene gets by without. Every
 * call then says JLT_NO_MEMORY or succeeds, every reply comes, and what inputs and outputs own is given back once. */
#include "core/fake_engine.h"

#include "core/engine.h"
#include "core/queue.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static atomic_int until_failure = -1; /* negative: none */

static bool fails_now(void)
{
    return atomic_load(&until_failure) >= 0 && atomic_fetch_sub(&until_failure, 1) == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails_now() ? NULL : __real_aligned_alloc(alignment, size);
}

/* ---- tokens: what travels in messages ---- */

static struct runtime *runtime;
static atomic_int tokens; /* made and not yet given back */

/* A token is a place in this table: 1 while it is out. */
enum { tokens_at_most = 4096 };
static atomic_int out[tokens_at_most];
static atomic_int next_token;

static int make_token(void)
{
    int token = atomic_fetch_add(&next_token, 1) % tokens_at_most;
    check(!atomic_exchange(&out[token], 1));
    atomic_fetch_add(&tokens, 1);
    return token;
}

static void give_back(void *token)
{
    check(atomic_exchange(&out[*(int *)token], 0)); /* not twice */
    atomic_fetch_sub(&tokens, 1);
}

/* True: it went well; else there was no memory. */
static bool went_well(jlt_status status)
{
    check(status == JLT_OK || status == JLT_NO_MEMORY);
    check(error_last() ? error_last()->status == status : status == JLT_OK);
    return status == JLT_OK;
}

/* ---- tasks that take a token and give one ---- */

enum { large = 1000 }; /* an output that does not fit the sender's stack */

struct large {
    int token;
    char more[large];
};

static void exchange_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state;
    int taken = *(const int *)input;
    give_back(&taken);
    *(int *)output = make_token();
}

static void exchange_once_run(jlt_frame *frame, const void *input, void *output)
{
    exchange_run(frame, NULL, input, output);
}

static void failing_run(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    int taken = *(const int *)input;
    give_back(&taken);
    fake_fail(frame, JLT_NO_MEMORY, "so that both ways to fail have one status");
}

static void pass_on_run(jlt_frame *frame, void *state, const void *input, void *output);

static void pass_on_init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame;
    *(struct task **)state = *(struct task *const *)config; /* it outlives this one */
}

static const jlt_persistent_type exchange_type = {
    .state_size = sizeof(int),
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = exchange_run,
    .dispose_input = give_back,
    .dispose_output = give_back,
};

static const jlt_persistent_type pass_on_type = {
    .state_size = sizeof(struct task *),
    .config_size = sizeof(struct task *),
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .init = pass_on_init,
    .run = pass_on_run,
    .dispose_input = give_back,
    .dispose_output = give_back,
};

static const jlt_task_type exchange_once_type = {
    .input_size = sizeof(int),
    .output_size = sizeof(struct large),
    .run = exchange_once_run,
    .dispose_input = give_back,
    .dispose_output = give_back,
};

static const jlt_task_type failing_type = {
    .input_size = sizeof(int),
    .run = failing_run,
    .dispose_input = give_back,
};

/* ---- sending tokens: who owns them depends on the status ---- */

/* A message that could not be sent is still the sender's, one that was sent is not. The status of an invoke does not
 * tell the two apart. */
static void invoke(struct task *task)
{
    int input = make_token(), output = 0;
    if (went_well(runtime_invoke_task(task, &input, &output)))
        give_back(&output);
    else if (atomic_load(&out[input]))
        give_back(&input);
}

static void send_and_receive(struct task *task)
{
    int input = make_token(), output = 0;
    struct message *receiver;
    if (!went_well(runtime_call(task, &input, SEND_WAIT, &receiver)))
        give_back(&input);
    else if (went_well(message_receive(receiver, -1, &output)))
        give_back(&output);
}

static void send_and_forget(struct task *task)
{
    int input = make_token();
    struct message *receiver;
    if (!went_well(runtime_call(task, &input, SEND_TRY, NULL)))
        give_back(&input);
    input = make_token();
    if (went_well(runtime_call(task, &input, SEND_WAIT, &receiver)))
        message_drop(receiver);
    else
        give_back(&input);
}

static void pass_on_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct task *next = *(struct task **)state;
    int taken = *(const int *)input;
    give_back(&taken);
    send_and_forget(next);
    send_and_receive(next); /* suspends */
    (void)frame;
    *(int *)output = make_token();
}

/* ---- scenes ---- */

static void persistent_scene(void)
{
    struct task *task;
    if (!went_well(runtime_invoke(runtime, type_of(&exchange_type), NULL, &task)))
        return;
    send_and_receive(task);
    send_and_forget(task);
    send_and_receive(task);
    task_drop(task);
}

static void dispatch_scene(void)
{
    struct message *receiver;
    struct task *task;
    if (went_well(runtime_dispatch(runtime, type_of(&exchange_type), NULL, SEND_WAIT, &receiver)))
        if (went_well(message_receive(receiver, -1, &task)))
            task_drop(task);
    if (went_well(runtime_dispatch(runtime, type_of(&exchange_type), NULL, SEND_WAIT, &receiver)))
        message_drop(receiver);
    went_well(runtime_dispatch(runtime, type_of(&exchange_type), NULL, SEND_WAIT, NULL));
}

static void once_scene(void)
{
    struct message *receiver;
    struct large output;
    int input = make_token();
    if (!went_well(runtime_dispatch(runtime, type_of(&exchange_once_type), &input, SEND_WAIT, &receiver)))
        give_back(&input);
    else if (went_well(message_receive(receiver, -1, &output)))
        give_back(&output.token);
    input = make_token();
    if (!went_well(runtime_dispatch(runtime, type_of(&failing_type), &input, SEND_WAIT, &receiver)))
        give_back(&input);
    else
        check_status(message_receive(receiver, -1, NULL), JLT_NO_MEMORY);
}

static void invoke_scene(void)
{
    struct task *task;
    if (!went_well(runtime_invoke(runtime, type_of(&exchange_type), NULL, &task)))
        return;
    invoke(task);
    invoke(task);
    task_drop(task);
}

static void bodies_scene(void)
{
    struct task *inner, *outer;
    if (!went_well(runtime_invoke(runtime, type_of(&exchange_type), NULL, &inner)))
        return;
    if (went_well(runtime_invoke(runtime, type_of(&pass_on_type), &inner, &outer))) {
        send_and_receive(outer);
        send_and_receive(outer);
        task_drop(outer);
    }
    task_drop(inner);
}

static void fragile_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    exchange_run(frame, state, input, output);
    give_back(output);
    fake_fail(frame, JLT_NO_MEMORY, "so that both ways to fail have one status");
}

static const jlt_persistent_type fragile_type = {
    .state_size = sizeof(int),
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = fragile_run,
    .dispose_input = give_back,
    .dispose_output = give_back,
    .on_failure = JLT_RESTART,
    .restarts = 5, /* or less: a restart whose time cannot be kept is none */
    .restart_window_ns = INT64_MAX,
    .backoff_ns = 1000,
};

/* A name and a monitor, restarts, and the end for one too many: however it went, the task ends, and that is told. */
static void supervision_scene(void)
{
    struct task *task, *found;
    struct message *receiver;
    jlt_end end;
    if (!went_well(runtime_invoke(runtime, type_of(&fragile_type), NULL, &task)))
        return;
    if (went_well(names_register(runtime, "fragile", task)) && went_well(names_lookup(runtime, "fragile", &found)))
        task_drop(found);
    bool monitored = went_well(monitor_set(task, sizeof end, &receiver));
    for (jlt_status status = JLT_NO_MEMORY; status == JLT_NO_MEMORY;) {
        int input = make_token();
        status = runtime_invoke_task(task, &input, NULL);
        check(status == JLT_NO_MEMORY || status == JLT_CLOSED);
        if (atomic_load(&out[input]))
            give_back(&input);
    }
    if (monitored && went_well(message_receive(receiver, -1, &end)))
        check(end.reason == JLT_END_FAILED && end.status == JLT_NO_MEMORY && end.restarts <= 5);
    task_drop(task);
}

static void receive_token(const jlt_completion *completion)
{
    int token;
    if (message_receive((struct message *)completion->receiver, 0, &token) == JLT_OK)
        give_back(&token);
}

static void attach_later(struct task *task, struct queue *queue)
{
    struct message *receiver;
    int input = make_token();
    if (!went_well(runtime_call(task, &input, SEND_WAIT, &receiver)))
        give_back(&input);
    else if (!went_well(queue_add(queue, receiver, NULL)))
        message_drop(receiver);
}

static struct task *task_itself(const jlt_persistent *handle)
{
    return (struct task *)(uintptr_t)handle;
}

/* A batch with limits, of which one is taken; what is not taken goes with the queue. */
static void send_batch(struct task *task, struct queue *queue)
{
    struct call_options options = {.deadline = limit_deadline(3600000000000), .queue = queue};
    int inputs[2] = {make_token(), make_token()};
    jlt_message messages[2];
    jlt_completion completion;
    size_t count, sent = 0;
    for (int i = 0; i < 2; i++)
        messages[i] = (jlt_message){(jlt_persistent *)task, &inputs[i], NULL, NULL};
    went_well(runtime_call_many(messages, sizeof *messages, 2, &options, task_itself, &sent));
    for (size_t i = sent; i < 2; i++)
        give_back(&inputs[i]);
    if (sent && queue_take(queue, -1, &completion, sizeof completion, 1, &count) == JLT_OK)
        receive_token(&completion);
}

static void queue_scene(void)
{
    struct queue *queue;
    struct task *task;
    if (!went_well(runtime_invoke(runtime, type_of(&exchange_type), NULL, &task)))
        return;
    if (went_well(queue_new(&queue))) {
        attach_later(task, queue);
        send_batch(task, queue);
        queue_drop(queue);
    }
    task_drop(task);
}

/* Plays a scene until it gets by without a failure. */
static void play(void (*scene)(void))
{
    bool failed;
    int number = 0;
    assert_true(type_of(&exchange_type) && type_of(&pass_on_type)); /* known from here on */
    assert_true(type_of(&exchange_once_type) && type_of(&failing_type) && type_of(&fragile_type));
    do {
        runtime = fake_start(1 + (unsigned)number % 2, 0);
        atomic_store(&until_failure, number);
        scene();
        failed = atomic_exchange(&until_failure, -1) < 0;
        fake_end(runtime);
        check(atomic_load(&tokens) == 0);
        number++;
    } while (failed);
    assert_true(number > 3); /* there was something to fail */
    error_none();
    if (checks_enabled)
        assert_int_equal(atomic_load(&live_counts.errors), 0);
}

static void test_persistent_tasks_live_with_it(void **unused)
{
    (void)unused;
    play(persistent_scene);
}

static void test_starts_live_with_it(void **unused)
{
    (void)unused;
    play(dispatch_scene);
}

static void test_one_shot_tasks_live_with_it(void **unused)
{
    (void)unused;
    play(once_scene);
}

static void test_invokes_live_with_it(void **unused)
{
    (void)unused;
    play(invoke_scene);
}

static void test_bodies_that_send_live_with_it(void **unused)
{
    (void)unused;
    play(bodies_scene);
}

static void test_queues_live_with_it(void **unused)
{
    (void)unused;
    play(queue_scene);
}

static void test_failing_tasks_live_with_it(void **unused)
{
    (void)unused;
    play(supervision_scene);
}

/* ---- one thing at a time ---- */

static void test_a_large_output_needs_memory_of_the_sender(void **unused)
{
    (void)unused;
    struct large output = {.token = 0};
    int input = make_token();
    runtime = fake_start(1, 0);
    atomic_store(&until_failure, 0);
    assert_status(runtime_invoke(runtime, type_of(&exchange_once_type), &input, &output), JLT_NO_MEMORY);
    assert_int_equal(output.token, 0);
    assert_ok(runtime_invoke(runtime, type_of(&exchange_once_type), &input, &output));
    give_back(&output.token);
    fake_end(runtime);
    assert_int_equal(atomic_load(&tokens), 0);
}

static void test_a_body_without_a_frame_is_answered_and_its_input_given_back(void **unused)
{
    (void)unused;
    struct message *receiver;
    int input = make_token();
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &exchange_type, NULL);
    atomic_store(&fake_failing_frames, 1);
    assert_status(message_receive(call(task, &input), -1, &input), JLT_NO_MEMORY);
    assert_int_equal(atomic_load(&tokens), 0);
    input = make_token();
    atomic_store(&fake_failing_frames, 1);
    receiver = dispatch(runtime, &exchange_once_type, &input);
    assert_status(message_receive(receiver, -1, &(struct large){0}), JLT_NO_MEMORY);
    assert_int_equal(atomic_load(&tokens), 0);
    send_and_receive(task); /* it goes on */
    task_drop(task);
    fake_end(runtime);
}

static void no_init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame, (void)state, (void)config;
}

static void test_a_start_that_cannot_keep_its_roots_fails(void **unused)
{
    (void)unused;
    jlt_persistent_type type = exchange_type;
    struct task *task = NULL;
    type.init = no_init;
    runtime = fake_start(1, 0);
    atomic_int *const failing[] = {&fake_failing_frames, &fake_failing_keeps};
    for (int i = 0; i < 2; i++) {
        atomic_store(failing[i], 1);
        assert_status(runtime_invoke(runtime, type_of((const jlt_persistent_type *)&type), NULL, &task), JLT_NO_MEMORY);
        assert_int_equal(atomic_load(failing[i]), 0);
        assert_null(task);
    }
    fake_end(runtime);
}

static atomic_uint begun, go_on, noticed;

static void busy_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&begun);
    event_await(&go_on, 1);
}

static void wait_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    fake_wait(&noticed, 1);
}

static void notice_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&noticed);
}

static void test_a_worker_that_cannot_have_a_fiber_tries_again(void **unused)
{
    (void)unused;
    static const jlt_task_type busy_type = {.run = busy_run}, wait_type = {.run = wait_run};
    static const jlt_task_type notice_type = {.run = notice_run};
    atomic_store(&begun, 0);
    atomic_store(&go_on, 0);
    atomic_store(&noticed, 0);
    runtime = fake_start(1, 0);
    atomic_store(&fake_failing_fibers, 10); /* not even the first */
    struct message *busy = dispatch(runtime, &busy_type, NULL);
    event_await(&begun, 1);
    assert_int_equal(atomic_load(&fake_failing_fibers), 0);
    struct message *wait = dispatch(runtime, &wait_type, NULL), *notice = dispatch(runtime, &notice_type, NULL);
    atomic_store(&fake_failing_fibers, 10); /* not the one that goes on with notice while wait sleeps */
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, NULL));
    assert_ok(message_receive(notice, -1, NULL));
    assert_ok(message_receive(wait, -1, NULL));
    atomic_store(&fake_failing_fibers, 0);
    fake_end(runtime);
}

static void test_a_runtime_or_a_type_that_cannot_be_made_is_reported(void **unused)
{
    (void)unused;
    static const struct engine none = {.ring = NULL};
    static size_t runs;
    struct runtime nothing;
    atomic_store(&until_failure, 0);
    assert_status(runtime_init(&nothing, &none, 3, &(struct runtime_limits){0}), JLT_NO_MEMORY);
    jlt_task_type type = {.name = "new here", .run = busy_run};
    type.input_size = 12345 + runs++; /* unknown in each run of this test */
    atomic_store(&until_failure, 0);
    assert_null(type_of((const jlt_task_type *)&type));
    assert_int_equal(error_last()->status, JLT_NO_MEMORY);
    assert_non_null(type_of((const jlt_task_type *)&type));
    error_none();
}

static void test_an_error_without_memory_is_a_constant(void **unused)
{
    (void)unused;
    static char text[2000];
    memset(text, 'x', sizeof text - 1);
    for (int number = 0; number < 2; number++) { /* the second: the error itself, after its long text */
        atomic_store(&until_failure, number);
        assert_int_equal(error_fail(JLT_FAILED, "%s", text), JLT_NO_MEMORY);
        assert_true(error_last()->constant);
    }
    atomic_store(&until_failure, 0);
    assert_int_equal(error_fail(JLT_FAILED, "short"), JLT_NO_MEMORY);
    assert_true(strlen(jlt_error_message()) > 0);
    atomic_store(&until_failure, -1);
    error_none();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_persistent_tasks_live_with_it),
        cmocka_unit_test(test_starts_live_with_it),
        cmocka_unit_test(test_one_shot_tasks_live_with_it),
        cmocka_unit_test(test_invokes_live_with_it),
        cmocka_unit_test(test_bodies_that_send_live_with_it),
        cmocka_unit_test(test_failing_tasks_live_with_it),
        cmocka_unit_test(test_queues_live_with_it),
        cmocka_unit_test(test_a_large_output_needs_memory_of_the_sender),
        cmocka_unit_test(test_a_body_without_a_frame_is_answered_and_its_input_given_back),
        cmocka_unit_test(test_a_start_that_cannot_keep_its_roots_fails),
        cmocka_unit_test(test_a_worker_that_cannot_have_a_fiber_tries_again),
        cmocka_unit_test(test_a_runtime_or_a_type_that_cannot_be_made_is_reported),
        cmocka_unit_test(test_an_error_without_memory_is_a_constant),
    };
    return fake_run_tests(tests);
}
