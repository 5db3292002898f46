/* Deadlines and cancelling; a close that does not wait for ever. */
#include "expect.h"

#include <jltask.h>

#include <string.h>

/* ---- a body that looks now and then whether anybody still waits for it */

static void search_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    double seconds = *(const double *)input;
    jlt_value *sleep = jlt_global(frame, "Base.sleep");
    int steps = 0;
    while (steps < 1000 && !jlt_cancelled(frame)) {
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_call(scope, sleep, jlt_box_f64(scope, seconds)); /* ends early when nobody waits any more */
        jlt_scope_close(scope);
        if (!jlt_ok(frame))
            return;
        steps++;
    }
    *(int *)output = steps;
}

static const jlt_persistent_type search_type = {
    .name = "search",
    .input_size = sizeof(double),
    .output_size = sizeof(int),
    .run = search_run,
};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(NULL, &runtime, &thread) == JLT_OK);

    jlt_persistent *search;
    EXPECT(jlt_persistent_spawn(runtime, &search_type, NULL, &search) == JLT_OK);

    /* a deadline: from the call to the reply */
    double long_step = 3600;
    int steps;
    const jlt_call_options soon = {.timeout_ns = 50 * 1000 * 1000};
    EXPECT(jlt_persistent_invoke_with(search, &long_step, &soon, &steps) == JLT_DEADLINE_EXCEEDED);
    EXPECT(strstr(jlt_error_message(), "deadline") != NULL);

    /* one call, by its receiver */
    jlt_receiver *receiver;
    EXPECT(jlt_persistent_call(search, &long_step, &receiver) == JLT_OK);
    EXPECT(jlt_receiver_cancel(receiver) == JLT_OK);
    EXPECT(jlt_receiver_recv(receiver, &steps) == JLT_CANCELLED);

    /* any number of calls, from any thread */
    jlt_canceller *canceller;
    EXPECT(jlt_canceller_new(&canceller) == JLT_OK);
    const jlt_call_options cancellable = {.canceller = canceller};
    jlt_receiver *receivers[8];
    for (int i = 0; i < 8; i++)
        EXPECT(jlt_persistent_call_with(search, &long_step, &cancellable, &receivers[i]) == JLT_OK);
    EXPECT(jlt_canceller_cancel(canceller) == JLT_OK);
    for (int i = 0; i < 8; i++)
        EXPECT(jlt_receiver_recv(receivers[i], &steps) == JLT_CANCELLED);
    jlt_canceller_drop(canceller);

    /* the task is as good as before */
    double no_step = 0;
    EXPECT(jlt_persistent_invoke(search, &no_step, &steps) == JLT_OK);
    EXPECT(steps == 1000);

    /* what runs has a tenth of a second to end */
    EXPECT(jlt_persistent_call(search, &long_step, &receiver) == JLT_OK);
    EXPECT(jlt_runtime_close_within(runtime, 100 * 1000 * 1000) == JLT_OK);
    EXPECT(jlt_receiver_recv(receiver, &steps) == JLT_CANCELLED);
    jlt_persistent_drop(search);
    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    puts("14-limits: ok");
    return 0;
}
