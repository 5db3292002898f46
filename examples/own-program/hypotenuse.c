/* A one-shot task: the inputs go in, Julia computes, the output comes back. */
#include <jltask.h>

#include <stdio.h>

struct sides {
    double a, b;
};

static void hypotenuse_run(jlt_frame *frame, const void *input, void *output)
{
    const struct sides *sides = input;
    jlt_value *a = jlt_box_f64(frame, sides->a), *b = jlt_box_f64(frame, sides->b);
    *(double *)output = jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.hypot"), a, b));
}

static const jlt_task_type hypotenuse_type = {
    .name = "hypotenuse",
    .input_size = sizeof(struct sides),
    .output_size = sizeof(double),
    .run = hypotenuse_run,
};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    if (jlt_runtime_spawn(NULL, &runtime, &thread) != JLT_OK) {
        fprintf(stderr, "%s\n", jlt_error_message());
        return 1;
    }

    double c = 0;
    jlt_status status = jlt_task_invoke(runtime, &hypotenuse_type, &(struct sides){3, 4}, &c);
    if (status == JLT_OK)
        printf("%.1f\n", c);
    else
        fprintf(stderr, "%s: %s\n", jlt_status_name(status), jlt_error_message());

    jlt_runtime_drop(runtime);
    jlt_thread_join(thread);
    return status == JLT_OK ? 0 : 1;
}
