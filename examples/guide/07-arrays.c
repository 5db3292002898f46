/* Arrays in place, in both directions. */
#include "expect.h"

#include <jltask.h>

#include <stdlib.h>

/* Julia's memory, written and read by C: m[i, j] = 10 i + j, and the sum of row i = 1. */
static void view_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_value *matrix = jlt_array_new(frame, JLT_F64, 2, (size_t[]){2, 3});
    jlt_view view;
    if (!jlt_array_view(frame, matrix, JLT_F64, &view))
        return;
    for (size_t j = 0; j < view.dims[1]; j++)
        for (size_t i = 0; i < view.dims[0]; i++)
            jlt_at(&view, double, i, j) = (double)(10 * i + j);

    /* Julia's view(matrix, 2, 1:3): its elements are 2 apart in memory */
    jlt_value *columns = jlt_range_i64(frame, 1, 1, 3);
    jlt_value *row = jlt_call(frame, jlt_global(frame, "Base.view"), matrix, jlt_box_i64(frame, 2), columns);
    if (!jlt_array_view_strided(frame, row, JLT_F64, &view))
        return;
    for (size_t j = 0; j < view.length; j++)
        *(double *)output += jlt_at(&view, double, j);
}

struct span {
    double *data;
    size_t length;
};

/* C's memory, written by Julia: the elements at input in reverse. */
static void reverse_run(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    const struct span *span = input;
    jlt_value *list = jlt_array_wrap(frame, JLT_F64, span->data, 1, &span->length);
    jlt_call(frame, jlt_global(frame, "Base.reverse!"), list);
}

/* C's memory that becomes Julia's, which frees it. */
static void owned_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    size_t length = 1000;
    int64_t *data = malloc(length * sizeof(*data));
    if (data == NULL) {
        jlt_fail(frame, "no memory");
        return;
    }
    for (size_t i = 0; i < length; i++)
        data[i] = (int64_t)i;
    jlt_value *list = jlt_array_wrap_owned(frame, JLT_I64, data, 1, &length, free, data);
    if (list == NULL)
        free(data); /* still ours */
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.sum"), list));
}

/* An array that the client reads where Julia made it. */
static void squares_run(jlt_frame *frame, const void *input, void *output)
{
    jlt_value *range = jlt_range_i64(frame, 1, 1, *(const int64_t *)input);
    *(jlt_held **)output = jlt_hold(frame, jlt_broadcast(frame, jlt_global(frame, "Base.abs2"), range));
}

static void squares_dispose(void *output)
{
    jlt_held_drop(*(jlt_held **)output);
}

static const jlt_task_type view_type = {.name = "view", .output_size = sizeof(double), .run = view_run};
static const jlt_task_type reverse_type = {.name = "reverse", .input_size = sizeof(struct span), .run = reverse_run};
static const jlt_task_type owned_type = {.name = "owned", .output_size = sizeof(int64_t), .run = owned_run};
static const jlt_task_type squares_type = {
    .name = "squares",
    .input_size = sizeof(int64_t),
    .output_size = sizeof(jlt_held *),
    .run = squares_run,
    .dispose_output = squares_dispose,
};

static void read_squares(jlt_runtime *runtime)
{
    int64_t n = 100;
    jlt_held *held;
    EXPECT(jlt_task_invoke(runtime, &squares_type, &n, &held) == JLT_OK);
    jlt_view view;
    EXPECT(jlt_held_view(held, JLT_I64, &view) == JLT_OK);
    EXPECT(view.length == 100 && jlt_at(&view, int64_t, 99) == 10000);
    jlt_held_drop(held); /* view.data is good no more */
}

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread) == JLT_OK);

    double sum = 0;
    EXPECT(jlt_task_invoke(runtime, &view_type, NULL, &sum) == JLT_OK);
    EXPECT(sum == 33);

    double data[] = {1, 2, 3};
    EXPECT(jlt_task_invoke(runtime, &reverse_type, &(struct span){data, 3}, NULL) == JLT_OK);
    EXPECT(data[0] == 3 && data[2] == 1);

    int64_t total = 0;
    EXPECT(jlt_task_invoke(runtime, &owned_type, NULL, &total) == JLT_OK);
    EXPECT(total == 499500);

    read_squares(runtime);

    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
