/* Typed tasks: pointers that the compiler checks. */
#include "expect.h"

struct mean {
    double sum;
    int64_t count;
};

/* The name, and the types of state, config, input and output. More members of the type may follow. */
JLT_PERSISTENT(mean, struct mean, void, double, double, .capacity = 64)

static void mean_init(jlt_frame *frame, struct mean *state, const void *config)
{
    (void)frame;
    (void)state; /* zeroed */
    (void)config;
}

static void mean_run(jlt_frame *frame, struct mean *state, const double *input, double *output)
{
    (void)frame;
    state->sum += *input;
    state->count++;
    *output = state->sum / (double)state->count;
}

static void mean_exit(jlt_frame *frame, struct mean *state)
{
    (void)frame;
    (void)state;
}

JLT_TASK(root, double, double)

static void root_run(jlt_frame *frame, const double *input, double *output)
{
    *output = jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.sqrt"), jlt_box_f64(frame, *input)));
}

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(NULL, &runtime, &thread) == JLT_OK);

    mean_task task;
    mean_receiver receiver;
    double x = 4, y;
    EXPECT(mean_spawn(runtime, NULL, &task) == JLT_OK); /* NULL: what is void */
    EXPECT(mean_invoke(task, &x, NULL) == JLT_OK);
    x = 5;
    EXPECT(mean_call(task, &x, &receiver) == JLT_OK);
    EXPECT(mean_recv(receiver, &y) == JLT_OK);
    EXPECT(y == 4.5);
    mean_drop(task);

    EXPECT(root_invoke(runtime, &x, &y) == JLT_OK);
    printf("%.6f\n", y); /* 2.236068 */

    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
