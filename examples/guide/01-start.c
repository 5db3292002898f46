/* Start Julia, run a one-shot task, end Julia. */
#include "expect.h"

#include <jltask.h>

#include <stdio.h>

/* The body: runs on one of Julia's threads. */
static void root_run(jlt_frame *frame, const void *input, void *output)
{
    const double *x = input;
    jlt_value *root = jlt_call(frame, jlt_global(frame, "Base.sqrt"), jlt_box_f64(frame, *x));
    *(double *)output = jlt_unbox_f64(frame, root);
}

static const jlt_task_type root_type = {
    .name = "root",
    .input_size = sizeof(double),
    .output_size = sizeof(double),
    .run = root_run,
};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread) == JLT_OK);
    printf("Julia %s\n", jlt_julia_version());

    /* send and wait */
    double x = 2.25, root = 0;
    EXPECT(jlt_task_invoke(runtime, &root_type, &x, &root) == JLT_OK);
    EXPECT(root == 1.5);

    /* send now, receive later */
    jlt_receiver *receiver;
    x = 16;
    EXPECT(jlt_task_dispatch(runtime, &root_type, &x, &receiver) == JLT_OK);
    EXPECT(jlt_receiver_recv(receiver, &root) == JLT_OK);
    EXPECT(root == 4);

    jlt_runtime_drop(runtime); /* the last handle: closes the runtime */
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
