/* SPDX-License-Identifier: MIT
 *
 * What the tests with event loops of others share: calls that sleep in Julia, some of which send another when they are
 * done, and a queue that the loop watches. */
#ifndef JLT_TESTS_LOOP_H
#define JLT_TESTS_LOOP_H

#include "julia/fixture.h"

enum { loop_calls = 40, loop_again = 3 };

static jlt_queue *loop_queue;
static int loop_left;

static void loop_run(jlt_frame *frame, const void *input, void *output)
{
    jlt_call(frame, jlt_global(frame, "Base.sleep"), jlt_box_f64(frame, *(const double *)input));
    *(double *)output = *(const double *)input;
}

static void loop_send(int *again, double seconds)
{
    static const jlt_task_type type = {
        .name = "sleep", .input_size = sizeof(double), .output_size = sizeof(double), .run = loop_run};
    const jlt_call_options options = {.queue = loop_queue, .user = again};
    assert_ok(jlt_task_dispatch_with(runtime, &type, &seconds, &options, NULL));
    loop_left++;
}

/* The descriptor that the loop is to watch. */
static int loop_begin(void)
{
    static int again[loop_calls];
    assert_ok(jlt_queue_new(&loop_queue));
    for (int i = 0; i < (test_is_stress() ? 4 : loop_calls); i++) {
        again[i] = loop_again;
        loop_send(&again[i], 0.002 * i);
    }
    return jlt_queue_descriptor(loop_queue);
}

/* Takes what there is, and sends again. True: nothing is under way any more. */
static bool loop_take_all(void)
{
    jlt_completion completion;
    double seconds;
    while (jlt_queue_take(loop_queue, 0, &completion) == JLT_OK) {
        int *again = completion.user;
        assert_ok(jlt_receiver_recv(completion.receiver, &seconds));
        loop_left--;
        if (--*again)
            loop_send(again, seconds);
    }
    return !loop_left;
}

static void loop_end(void)
{
    jlt_queue_drop(loop_queue);
}

#endif
