/* Starting Julia, a one-shot task, a failure read on the client's side, and the end. */
#include "guide.h"

static void square_root(jlt_frame *frame, const void *input, void *output)
{
    jlt_value *x = jlt_box_f64(frame, *(const double *)input);
    jlt_value *root = jlt_call(frame, jlt_global(frame, "Base.sqrt"), x);
    *(double *)output = jlt_unbox_f64(frame, root);
}

static const jlt_task_type square_root_type = {
    .name = "square root",
    .input_size = sizeof(double),
    .output_size = sizeof(double),
    .run = square_root,
};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    CHECK(jlt_runtime_spawn(NULL, &runtime, &thread));

    double input = 2.0, output = 0.0;
    CHECK(jlt_task_invoke(runtime, &square_root_type, &input, &output));
    EXPECT(output > 1.41 && output < 1.42);

    input = -1.0;
    EXPECT(jlt_task_invoke(runtime, &square_root_type, &input, &output) == JLT_EXCEPTION);
    EXPECT(!strcmp(jlt_error_type(), "DomainError"));
    EXPECT(strlen(jlt_error_message()) > 0 && output > 1.41); /* untouched */

    jlt_receiver *receivers[10];
    for (int i = 0; i < 10; i++) {
        double square = i * i;
        CHECK(jlt_task_dispatch(runtime, &square_root_type, &square, &receivers[i]));
    }
    for (int i = 0; i < 10; i++) {
        CHECK(jlt_receiver_recv(receivers[i], &output));
        EXPECT(output > i - 0.01 && output < i + 0.01);
    }

    jlt_runtime_drop(runtime);
    CHECK(jlt_thread_join(thread));
    return 0;
}
