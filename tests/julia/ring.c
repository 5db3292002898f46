/* SPDX-License-Identifier: MIT
 *
 * Bodies on Julia's threads that wait for each other: rings are refused, and nothing else is. */
#include "julia/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- bodies that do what their message says ---- */

struct work {
    void (*act)(jlt_frame *frame, void *data);
    void *data;
};

static void perform(jlt_frame *frame, const struct work *work)
{
    if (work->act)
        work->act(frame, work->data);
}

static void run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    perform(frame, input);
    *(int *)output = 7;
}

static void run_once(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    perform(frame, input);
}

static void init(jlt_frame *frame, void *state, const void *config)
{
    (void)state;
    perform(frame, config);
}

#define ACTOR_TYPE(type_name, ...)                                                                                     \
    {                                                                                                                  \
        .name = (type_name), .config_size = sizeof(struct work), .input_size = sizeof(struct work),                    \
        .output_size = sizeof(int), .init = init, .run = run, __VA_ARGS__                                              \
    }

static const jlt_persistent_type ann_type = ACTOR_TYPE("ann", .thread = 1);
static const jlt_persistent_type bob_type = ACTOR_TYPE("bob", .thread = 2);
static const jlt_persistent_type cid_type = ACTOR_TYPE("cid", );
static const jlt_persistent_type narrow_type = ACTOR_TYPE("narrow", .capacity = 1);
static const jlt_persistent_type starting_type = ACTOR_TYPE("starting", );
static const jlt_task_type once_type = {.name = "once", .input_size = sizeof(struct work), .run = run_once};

static jlt_persistent *ann, *bob, *cid, *narrow;
static const struct work nothing;

static jlt_persistent *spawn(const jlt_persistent_type *type)
{
    jlt_persistent *task = NULL;
    assert_ok(jlt_persistent_spawn(runtime, type, &nothing, &task));
    return task;
}

static int start(void **unused)
{
    (void)unused;
    if (jlt_runtime_spawn(&(jlt_options){.threads = 2}, &runtime, &thread) != JLT_OK)
        return -1;
    ann = spawn(&ann_type);
    bob = spawn(&bob_type);
    cid = spawn(&cid_type);
    narrow = spawn(&narrow_type);
    return 0;
}

static int stop(void **unused)
{
    jlt_persistent_drop(ann);
    jlt_persistent_drop(bob);
    jlt_persistent_drop(cid);
    jlt_persistent_drop(narrow);
    return stop_runtime(unused);
}

static jlt_status ask(jlt_persistent *task, void (*act)(jlt_frame *frame, void *data), void *data)
{
    int output = 0;
    return jlt_persistent_invoke(task, &(struct work){act, data}, &output);
}

#define EXPECT_REFUSED(call, names)                                                                                    \
    EXPECT((call) == JLT_WOULD_DEADLOCK && strstr(jlt_error_message(), "ring") && strstr(jlt_error_message(), (names)))

/* ---- rings ---- */

static void invoke_ann(jlt_frame *frame, void *names)
{
    EXPECT_REFUSED(ask(ann, NULL, NULL), names);
    EXPECT(ask(narrow, NULL, NULL) == JLT_OK);
    EXPECT(jlt_unbox_i64(frame, jlt_eval(frame, "1 + 1")) == 2);
}

static void invoke_cid(jlt_frame *frame, void *names)
{
    EXPECT(ask(cid, invoke_ann, names) == JLT_OK);
}

static void invoke_bob(jlt_frame *frame, void *names)
{
    EXPECT(ask(bob, invoke_cid, names) == JLT_OK);
}

static void test_rings_over_two_threads_are_refused_and_name_their_tasks(void **unused)
{
    (void)unused;
    assert_ok(ask(ann, invoke_ann, "ann -> ann"));
    assert_ok(ask(ann, invoke_cid, "cid -> ann -> cid"));
    assert_ok(ask(ann, invoke_bob, "cid -> ann -> bob -> cid"));
}

static void receive_own(jlt_frame *frame, void *data)
{
    jlt_receiver **receiver = data;
    EXPECT(jlt_persistent_call(ann, &nothing, receiver) == JLT_OK);
    EXPECT_REFUSED(jlt_receiver_recv(*receiver, NULL), "ann -> ann");
    EXPECT_REFUSED(jlt_receiver_recv_timeout(*receiver, -1, NULL), "ann -> ann");
    EXPECT(jlt_receiver_recv_timeout(*receiver, 1000, NULL) == JLT_TIMEOUT);
    EXPECT(jlt_receiver_try_recv(*receiver, NULL) == JLT_PENDING);
}

static void test_a_refused_receive_leaves_the_receiver_good(void **unused)
{
    (void)unused;
    jlt_receiver *receiver = NULL;
    int output = 0;
    assert_ok(ask(ann, receive_own, &receiver));
    assert_ok(jlt_receiver_recv(receiver, &output));
    assert_int_equal(output, 7);
}

static void count(jlt_frame *frame, void *counter)
{
    (void)frame;
    atomic_fetch_add((atomic_int *)counter, 1);
}

static void call_until_full(jlt_frame *frame, void *counter)
{
    struct work counts = {count, counter};
    jlt_receiver *receiver = NULL;
    EXPECT(jlt_persistent_call(narrow, &counts, NULL) == JLT_OK);
    EXPECT_REFUSED(jlt_persistent_call(narrow, &counts, NULL), "narrow -> narrow");
    EXPECT_REFUSED(jlt_persistent_call(narrow, &counts, &receiver), "narrow -> narrow");
    EXPECT_REFUSED(ask(narrow, count, counter), "narrow -> narrow");
    EXPECT(jlt_persistent_try_call(narrow, &counts, NULL) == JLT_FULL && !receiver);
}

static void test_what_is_refused_has_sent_nothing(void **unused)
{
    (void)unused;
    atomic_int counter = 0;
    assert_ok(ask(narrow, call_until_full, &counter));
    assert_ok(ask(narrow, NULL, NULL));
    assert_int_equal(atomic_load(&counter), 1);
}

static void start_another(jlt_frame *frame, void *names)
{
    struct work config = {invoke_ann, names};
    jlt_persistent *task = NULL;
    EXPECT(jlt_persistent_spawn(runtime, &starting_type, &config, &task) == JLT_OK);
    jlt_persistent_drop(task);
}

static void run_another(jlt_frame *frame, void *names)
{
    struct work work = {invoke_ann, names};
    EXPECT(jlt_task_invoke(runtime, &once_type, &work, NULL) == JLT_OK);
}

static void test_rings_through_starts_and_one_shot_tasks_are_refused(void **unused)
{
    (void)unused;
    assert_ok(ask(ann, start_another, "starting -> ann -> starting"));
    assert_ok(ask(ann, run_another, "once -> ann -> once"));
}

static void wait_for_own_cancellably(jlt_frame *frame, void *canceller)
{
    (void)frame;
    const jlt_call_options options = {.canceller = canceller};
    jlt_receiver *receiver = NULL;
    int output;
    EXPECT_REFUSED(jlt_persistent_invoke_with(narrow, &nothing, &options, &output), "narrow -> narrow");
    EXPECT(jlt_persistent_call_with(narrow, &nothing, &options, &receiver) == JLT_OK);
    EXPECT_REFUSED(jlt_receiver_recv(receiver, NULL), "narrow -> narrow");
    EXPECT_REFUSED(jlt_persistent_call_with(narrow, &nothing, &options, NULL), "narrow -> narrow");
    jlt_receiver_drop(receiver);
}

static void test_a_canceller_which_may_never_be_used_hides_no_ring(void **unused)
{
    (void)unused;
    jlt_canceller *canceller;
    assert_ok(jlt_canceller_new(&canceller));
    assert_ok(ask(narrow, wait_for_own_cancellably, canceller));
    assert_ok(ask(narrow, NULL, NULL));
    jlt_canceller_drop(canceller);
}

/* ---- rings that several bodies close at the same moment ---- */

enum { crowd = 8 };

static jlt_persistent *circle[crowd];
static atomic_int seated, refused;

static void invoke_neighbour(jlt_frame *frame, void *data)
{
    int at = *(int *)data;
    atomic_fetch_add(&seated, 1);
    while (jlt_ok(frame) && atomic_load(&seated) % crowd)
        jlt_eval(frame, "yield()");
    jlt_status status = ask(circle[(at + 1) % crowd], NULL, NULL);
    EXPECT(status == JLT_OK || status == JLT_WOULD_DEADLOCK);
    atomic_fetch_add(&refused, status != JLT_OK);
}

static void test_of_those_that_close_a_ring_together_just_one_is_refused(void **unused)
{
    (void)unused;
    int seats[crowd];
    for (int i = 0; i < crowd; i++) {
        seats[i] = i;
        circle[i] = spawn(i % 2 ? &ann_type : &bob_type);
    }
    for (int round = 0; round < (test_is_stress() ? 3 : 100); round++) {
        jlt_receiver *receivers[crowd];
        atomic_store(&refused, 0);
        for (int i = 0; i < crowd; i++)
            assert_ok(jlt_persistent_call(circle[i], &(struct work){invoke_neighbour, &seats[i]}, &receivers[i]));
        for (int i = 0; i < crowd; i++)
            assert_ok(jlt_receiver_recv(receivers[i], NULL));
        assert_int_equal(atomic_load(&refused), 1);
    }
    for (int i = 0; i < crowd; i++)
        jlt_persistent_drop(circle[i]);
}

/* ---- what is no ring ---- */

static void sleep_briefly(jlt_frame *frame, void *unused)
{
    (void)unused;
    jlt_eval(frame, "sleep(0.001); fetch(@async 1); wait(Threads.@spawn 1)");
}

/* cid waits for bob, whose body waits inside Julia, and bob is sent to meanwhile. */
static void invoke_one_that_sleeps(jlt_frame *frame, void *unused)
{
    (void)unused;
    EXPECT(ask(bob, sleep_briefly, NULL) == JLT_OK);
}

static void test_waits_inside_julia_are_not_counted(void **unused)
{
    (void)unused;
    jlt_receiver *receiver;
    for (int i = 0; i < (test_is_stress() ? 2 : 50); i++) {
        assert_ok(jlt_persistent_call(cid, &(struct work){invoke_one_that_sleeps, NULL}, &receiver));
        assert_ok(ask(ann, invoke_one_that_sleeps, NULL));
        assert_ok(jlt_receiver_recv(receiver, NULL));
    }
}

static jlt_value *ask_as_guest(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t argument_count)
{
    (void)data, (void)arguments, (void)argument_count;
    jlt_receiver *receiver = NULL;
    jlt_status status = jlt_persistent_call(ann, &nothing, &receiver);
    if (status == JLT_OK)
        status = jlt_receiver_recv_timeout(receiver, 1000000, NULL);
    jlt_receiver_drop(receiver);
    return jlt_box_i64(frame, (int64_t)status);
}

static void call_guest(jlt_frame *frame, void *unused)
{
    (void)unused;
    jlt_value *function = jlt_function(frame, "ask", ask_as_guest, NULL, NULL);
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, function)) == JLT_TIMEOUT);
}

static void test_c_code_that_julia_calls_is_not_counted(void **unused)
{
    (void)unused;
    assert_ok(ask(ann, call_guest, NULL));
}

/* ---- many, at random ---- */

enum { nodes = 10, clients = 3 };

static jlt_persistent *graph[nodes];
static bool upwards; /* a body waits for tasks above its own only: there is no ring */

struct visit {
    unsigned at, seed, depth;
};

static unsigned below(unsigned *seed, unsigned limit)
{
    *seed = *seed * 1664525 + 1013904223; /* D. Knuth and H. Lewis, in "Numerical Recipes" */
    return (*seed >> 16) % limit;
}

static bool allowed(jlt_status status)
{
    atomic_fetch_add(&refused, status == JLT_WOULD_DEADLOCK);
    return status == JLT_OK || (status == JLT_WOULD_DEADLOCK && !upwards);
}

static void visit(jlt_frame *frame, void *data)
{
    struct visit self = *(struct visit *)data;
    jlt_receiver *receiver = NULL;
    unsigned above = nodes - 1 - self.at;
    if (!self.depth || (upwards && !above))
        return;
    for (int i = 0; i < 2; i++) {
        unsigned to = upwards ? self.at + 1 + below(&self.seed, above) : below(&self.seed, nodes);
        struct visit next = {to, self.seed, self.depth - 1}, here = {self.at, self.seed, self.depth - 1};
        switch (below(&self.seed, 5)) {
        case 0:
            EXPECT(allowed(jlt_task_invoke(runtime, &once_type, &(struct work){visit, &here}, NULL)));
            break;
        case 1: /* for room, perhaps */
            EXPECT(allowed(jlt_persistent_call(graph[to], &nothing, NULL)));
            break;
        case 2:
            receiver = NULL;
            EXPECT(allowed(jlt_persistent_call(graph[to], &nothing, &receiver)));
            if (receiver) {
                jlt_status status = jlt_receiver_recv(receiver, NULL);
                if (status == JLT_WOULD_DEADLOCK)
                    jlt_receiver_drop(receiver);
                EXPECT(allowed(status));
            }
            break;
        case 3:
            jlt_eval(frame, "yield()");
            break;
        default:
            EXPECT(allowed(ask(graph[to], visit, &next)));
        }
    }
}

static void *visit_all(void *data)
{
    unsigned seed = *(unsigned *)data;
    for (int i = 0; i < (test_is_stress() ? 5 : 200); i++) {
        unsigned at = below(&seed, nodes);
        assert_ok(ask(graph[at], visit, &(struct visit){at, seed, 5}));
    }
    return NULL;
}

static void visit_at_random(bool no_ring)
{
    pthread_t threads[clients];
    unsigned seeds[clients];
    upwards = no_ring;
    atomic_store(&refused, 0);
    for (unsigned i = 0; i < nodes; i++)
        graph[i] = spawn(i % 3 == 0 ? &narrow_type : i % 3 == 1 ? &cid_type : &ann_type);
    for (unsigned i = 0; i < clients; i++) {
        seeds[i] = 4711 + i;
        assert_int_equal(pthread_create(&threads[i], NULL, visit_all, &seeds[i]), 0);
    }
    for (unsigned i = 0; i < clients; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < nodes; i++)
        jlt_persistent_drop(graph[i]);
}

static void test_in_a_graph_without_rings_nothing_is_refused(void **unused)
{
    (void)unused;
    visit_at_random(true);
    assert_int_equal(atomic_load(&refused), 0);
}

static void test_in_a_graph_with_rings_everything_ends(void **unused)
{
    (void)unused;
    visit_at_random(false);
    assert_true(atomic_load(&refused) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rings_over_two_threads_are_refused_and_name_their_tasks),
        cmocka_unit_test(test_a_refused_receive_leaves_the_receiver_good),
        cmocka_unit_test(test_what_is_refused_has_sent_nothing),
        cmocka_unit_test(test_rings_through_starts_and_one_shot_tasks_are_refused),
        cmocka_unit_test(test_a_canceller_which_may_never_be_used_hides_no_ring),
        cmocka_unit_test(test_of_those_that_close_a_ring_together_just_one_is_refused),
        cmocka_unit_test(test_waits_inside_julia_are_not_counted),
        cmocka_unit_test(test_c_code_that_julia_calls_is_not_counted),
        cmocka_unit_test(test_in_a_graph_without_rings_nothing_is_refused),
        cmocka_unit_test(test_in_a_graph_with_rings_everything_ends),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
