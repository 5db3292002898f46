/* Tasks that start anew or stop when a message fails; monitors and names. */
#include "expect.h"

#include <jltask.h>

#include <string.h>

/* ---- a pair of lists of the same length, until a message fails half way */

struct pairs {
    jlt_value *numbers, *roots; /* Vector{Float64} */
};

static void pairs_init(jlt_frame *frame, void *state, const void *config)
{
    struct pairs *self = state;
    self->numbers = jlt_array_copy(frame, JLT_F64, config, 1, (size_t[]){1});
    self->roots = jlt_array_copy(frame, JLT_F64, config, 1, (size_t[]){1});
}

static void pairs_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct pairs *self = state;
    jlt_value *number = jlt_box_f64(frame, *(const double *)input);
    jlt_array_push_value(frame, self->numbers, number);
    /* sqrt throws for negative numbers, and the lists differ from there on */
    jlt_array_push_value(frame, self->roots, jlt_call(frame, jlt_global(frame, "Base.sqrt"), number));
    *(size_t *)output = jlt_array_length(frame, self->roots);
}

static const jlt_persistent_type pairs_type = {
    .name = "pairs",
    .state_size = sizeof(struct pairs),
    .config_size = sizeof(double),
    .input_size = sizeof(double),
    .output_size = sizeof(size_t),
    .init = pairs_init,
    .run = pairs_run,
    .on_failure = JLT_RESTART,
    .restarts = 2,
    .restart_window_ns = 60000000000, /* a minute */
    .backoff_ns = 1000000,            /* a millisecond, then two */
};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(NULL, &runtime, &thread) == JLT_OK);

    double first = 1, four = 4, bad = -1;
    size_t length = 0;
    jlt_persistent *pairs;
    EXPECT(jlt_persistent_spawn(runtime, &pairs_type, &first, &pairs) == JLT_OK);
    EXPECT(jlt_persistent_invoke(pairs, &four, &length) == JLT_OK);
    EXPECT(length == 2);

    /* the next message meets lists as init makes them */
    EXPECT(jlt_persistent_invoke(pairs, &bad, &length) == JLT_EXCEPTION);
    EXPECT(jlt_persistent_invoke(pairs, &four, &length) == JLT_OK);
    EXPECT(length == 2);

    jlt_receiver *monitor;
    EXPECT(jlt_persistent_monitor(pairs, &monitor) == JLT_OK);
    EXPECT(jlt_receiver_try_recv(monitor, NULL) == JLT_PENDING);

    /* whoever knows the name gets a handle */
    jlt_persistent *found;
    EXPECT(jlt_runtime_register(runtime, "the pairs", pairs) == JLT_OK);
    EXPECT(jlt_runtime_lookup(runtime, "the pairs", &found) == JLT_OK);
    EXPECT(jlt_persistent_invoke(found, &four, &length) == JLT_OK);
    jlt_persistent_drop(found);

    EXPECT(jlt_persistent_invoke(pairs, &bad, &length) == JLT_EXCEPTION);
    EXPECT(jlt_persistent_invoke(pairs, &bad, &length) == JLT_EXCEPTION); /* once too often */
    jlt_end end;
    EXPECT(jlt_receiver_recv(monitor, &end) == JLT_OK);
    EXPECT(end.reason == JLT_END_FAILED && end.status == JLT_EXCEPTION && end.restarts == 2);

    EXPECT(jlt_persistent_invoke(pairs, &four, &length) == JLT_CLOSED);
    EXPECT(strstr(jlt_error_message(), "-1.0") != NULL);
    EXPECT(jlt_runtime_lookup(runtime, "the pairs", &found) == JLT_NOT_FOUND);
    jlt_persistent_drop(pairs);

    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
