/* SPDX-License-Identifier: MIT
 *
 * Queues that many threads use at once: no reply is lost or comes twice, no edge of the descriptor is missed, and a
 * drop or a close may come at any time. */
#include "core/engine.h"
#include "core/fake_engine.h"
#include "core/limit.h"
#include "core/waiters.h"
#include "platform/platform.h"

#include <sys/epoll.h>
#include <unistd.h>

enum { senders = 4, calls = 1500, window = 7, most = 16, patience_ms = 30000 };

static struct runtime *runtime;
static struct queue *queue;
static struct task *task;
static atomic_uint outstanding, came, begun, go_on;
static atomic_uchar seen[senders * calls];
static struct message *told[senders * calls]; /* the sender, what its receiver is */

static void echo(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state;
    int number = *(const int *)input;
    *(int *)output = number;
    if (number < 0) {
        event_raise(&begun);
        event_await(&go_on, 1);
    }
}

static const jlt_persistent_type echo_type = {
    .name = "echo", .input_size = sizeof(int), .output_size = sizeof(int), .run = echo};
static const jlt_persistent_type small_type = {.name = "small",
                                               .input_size = sizeof(int),
                                               .output_size = sizeof(int),
                                               .capacity = 1,
                                               .skip_if_dropped = true,
                                               .run = echo};

static int start(void **unused)
{
    (void)unused;
    atomic_store(&outstanding, 0);
    atomic_store(&came, 0);
    atomic_store(&begun, 0);
    atomic_store(&go_on, 0);
    memset((void *)seen, 0, sizeof seen);
    runtime = fake_start(2, 0);
    task = spawn(runtime, &echo_type, NULL);
    check_ok(queue_new(&queue));
    return 0;
}

static int finish(void **unused)
{
    (void)unused;
    if (queue)
        queue_drop(queue);
    queue = NULL;
    task_drop(task);
    fake_end(runtime);
    return 0;
}

/* ---- senders ---- */

/* With few outstanding, so that the queue is often empty; some have limits, some are attached later. */
static void *send_some(void *number)
{
    unsigned seed = 1 + (unsigned)(uintptr_t)number;
    for (int i = 0; i < calls; i++) {
        int input = (int)(uintptr_t)number * calls + i;
        struct call_options options = {.deadline = limit_never, .queue = queue, .user = (void *)&seen[input]};
        unsigned way = random_below(&seed, 8);
        await_true(atomic_load(&outstanding) < window);
        atomic_fetch_add(&outstanding, 1);
        if (way == 0)
            options.deadline = limit_deadline(1 + random_below(&seed, 100000));
        if (way == 1) {
            told[input] = call(task, &input);
            check_ok(queue_add(queue, told[input], options.user));
        } else {
            check_ok(runtime_call_with(task, &input, &options, &told[input]));
        }
    }
    return NULL;
}

static void receive(const jlt_completion *completion)
{
    int output = -1;
    jlt_status status = message_receive((struct message *)completion->receiver, 0, &output);
    check(status == JLT_OK || status == JLT_DEADLINE_EXCEEDED);
    atomic_uchar *mine = completion->user;
    check(status != JLT_OK || mine == &seen[output]);
    check(atomic_exchange(mine, 1) == 0);
    check(told[mine - seen] == (struct message *)completion->receiver);
    told[mine - seen] = NULL; /* what is the program's may be gone as soon as the reply is there */
    atomic_fetch_sub(&outstanding, 1);
    event_raise(&came);
}

static size_t take_some(size_t room, int64_t timeout_ns)
{
    jlt_completion completions[most];
    size_t count = 0;
    jlt_status status = queue_take(queue, timeout_ns, completions, sizeof *completions, room, &count);
    check(status == JLT_OK || status == JLT_PENDING || status == JLT_TIMEOUT || status == JLT_CLOSED);
    for (size_t i = 0; i < count; i++)
        receive(&completions[i]);
    return status == JLT_CLOSED ? most + 1 : count;
}

static void run_senders(pthread_t *threads)
{
    for (int i = 0; i < senders; i++)
        threads[i] = thread_start(send_some, (void *)(uintptr_t)i);
}

static void join_all(pthread_t *threads, int count)
{
    for (int i = 0; i < count; i++)
        thread_join(threads[i]);
}

/* ---- loops ---- */

static int watch(int descriptor, unsigned events)
{
    int loop = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | events};
    check(loop >= 0 && epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &event) == 0);
    return loop;
}

/* On each edge, until there is nothing; an edge that is missed ends in patience_ms. */
static void *loop_on_edges(void *unused)
{
    (void)unused;
    int loop = watch(queue_descriptor(queue), EPOLLET);
    struct epoll_event event;
    while (atomic_load(&came) < senders * calls) {
        check(epoll_wait(loop, &event, 1, patience_ms) == 1);
        for (unsigned room = 1; take_some(room, 0); room = room % most + 1)
            continue;
    }
    close(loop);
    return NULL;
}

static void test_no_edge_is_missed(void **unused)
{
    (void)unused;
    pthread_t threads[senders];
    run_senders(threads);
    loop_on_edges(NULL);
    join_all(threads, senders);
    check(take_some(1, 0) == 0);
}

/* Of two loops on edges one may take what the other was woken for; so the one that is left over is woken once more. */
static void test_a_loop_on_edges_beside_one_that_takes(void **unused)
{
    (void)unused;
    pthread_t threads[senders], other = thread_start(loop_on_edges, NULL);
    run_senders(threads);
    while (atomic_load(&came) < senders * calls)
        take_some(2, 100000);
    int input = 0;
    struct call_options options = {.deadline = limit_never, .queue = queue, .user = (void *)&seen[0]};
    join_all(threads, senders);
    atomic_store(&seen[0], 0);
    atomic_fetch_add(&outstanding, 1);
    check_ok(runtime_call_with(task, &input, &options, &told[0]));
    thread_join(other);
}

static void test_a_loop_on_levels_takes_one_at_a_time(void **unused)
{
    (void)unused;
    pthread_t threads[senders];
    int loop = watch(queue_descriptor(queue), 0);
    struct epoll_event event;
    run_senders(threads);
    while (atomic_load(&came) < senders * calls) {
        check(epoll_wait(loop, &event, 1, patience_ms) == 1);
        take_some(1, 0);
    }
    join_all(threads, senders);
    check(take_some(1, 0) == 0);
    check(epoll_wait(loop, &event, 1, 0) == 0);
    close(loop);
}

static void *take_until_closed(void *timeout_ns)
{
    while (take_some(3, *(const int64_t *)timeout_ns) <= most)
        continue;
    return NULL;
}

/* All of them are blocked, or about to be, when the queue is dropped: none begins a take after that. */
static void test_many_takers_wait_and_a_drop_ends_that(void **unused)
{
    (void)unused;
    static const int64_t never = -1, late = 3600LL * 1000000000;
    pthread_t threads[senders], takers[4];
    run_senders(threads);
    for (int i = 0; i < 4; i++)
        takers[i] = thread_start(take_until_closed, (void *)(uintptr_t)(i % 2 ? &never : &late));
    for (int i = 0; i < 100; i++)
        take_some(1, 50000);
    join_all(threads, senders);
    event_await(&came, senders * calls);
    await_true(takers_of(queue) == 4);
    queue_drop(queue);
    queue = NULL;
    join_all(takers, 4);
}

/* ---- ends in the middle ---- */

static void test_drops_in_the_middle(void **unused)
{
    (void)unused;
    unsigned seed = 5;
    for (int round = 0; round < 300; round++) {
        struct call_options options = {.deadline = limit_never, .queue = queue};
        struct canceller *canceller = canceller_new();
        unsigned count = random_below(&seed, 40), takes = random_below(&seed, 10);
        for (unsigned i = 0; i < count; i++) {
            int input = (int)i;
            options.deadline = i % 3 ? limit_never : limit_deadline(1 + random_below(&seed, 50000));
            options.canceller = i % 4 ? NULL : canceller;
            check_ok(runtime_call_with(task, &input, &options, NULL));
        }
        for (unsigned i = 0; i < takes; i++) {
            jlt_completion completion;
            size_t one;
            if (queue_take(queue, 0, &completion, sizeof completion, 1, &one) == JLT_OK)
                message_drop((struct message *)completion.receiver);
        }
        if (round % 2)
            canceller_cancel(canceller);
        queue_drop(queue);
        canceller_cancel(canceller); /* of nobody */
        canceller_drop(canceller);
        check_ok(queue_new(&queue));
    }
}

static void *send_one_more(void *to)
{
    int input = 1;
    struct call_options options = {.deadline = limit_never, .queue = queue};
    check_ok(runtime_call_with(to, &input, &options, NULL));
    return NULL;
}

/* The descriptor is closed when the call is over, and not before. */
static void test_a_drop_while_a_call_waits_for_room(void **unused)
{
    (void)unused;
    struct task *full = spawn(runtime, &small_type, NULL);
    int input = -1, descriptor = queue_descriptor(queue);
    struct message *busy = call(full, &input);
    event_await(&begun, 1);
    struct message *waits = call(full, &(int){1});
    pthread_t sender = thread_start(send_one_more, full);
    await_true(atomic_load(&full->gate->waiters) == 1);
    queue_drop(queue);
    queue = NULL;
    close(watch(descriptor, 0));
    event_raise(&go_on);
    thread_join(sender);
    check_ok(message_receive(busy, -1, NULL));
    check_ok(message_receive(waits, -1, NULL));
    task_drop(full);
}

static void *close_it(void *unused)
{
    (void)unused;
    event_await(&came, calls / 2);
    runtime_give_up(runtime);
    return NULL;
}

static void *send_until_closed(void *number)
{
    int input = (int)(uintptr_t)number;
    struct call_options options = {.deadline = limit_never, .queue = queue};
    while (runtime_call_with(task, &input, &options, NULL) == JLT_OK)
        atomic_fetch_add(&outstanding, 1);
    return NULL;
}

static void test_a_close_in_the_middle_answers_all(void **unused)
{
    (void)unused;
    pthread_t threads[senders + 1];
    unsigned count = 0;
    for (int i = 0; i < senders; i++)
        threads[i] = thread_start(send_until_closed, (void *)(uintptr_t)i);
    threads[senders] = thread_start(close_it, NULL);
    jlt_completion completions[most];
    for (size_t some;
         queue_take(queue, count < calls / 2 ? -1 : 0, completions, sizeof *completions, most, &some) == JLT_OK;) {
        count += (unsigned)some;
        for (size_t i = 0; i < some; i++) {
            jlt_status status = message_receive((struct message *)completions[i].receiver, 0, NULL);
            check(status == JLT_OK || status == JLT_CANCELLED || status == JLT_CLOSED);
            event_raise(&came);
        }
    }
    event_await(&came, calls / 2);
    join_all(threads, senders + 1);
    while (count < atomic_load(&outstanding)) { /* all that was accepted */
        size_t some = 0;
        check_ok(queue_take(queue, -1, completions, sizeof *completions, most, &some));
        count += (unsigned)some;
        for (size_t i = 0; i < some; i++)
            message_drop((struct message *)completions[i].receiver);
    }
    check(count == atomic_load(&outstanding));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST(no_edge_is_missed),
        TEST(a_loop_on_edges_beside_one_that_takes),
        TEST(a_loop_on_levels_takes_one_at_a_time),
        TEST(many_takers_wait_and_a_drop_ends_that),
        TEST(drops_in_the_middle),
        TEST(a_drop_while_a_call_waits_for_room),
        TEST(a_close_in_the_middle_answers_all),
    };
    return fake_run_tests(tests);
}
