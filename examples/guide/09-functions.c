/* C functions and C data for Julia, and C work that takes long. */
#include "expect.h"

#include <jltask.h>

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- a C function with a frame: x -> factor * x */

static jlt_value *scale(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    const double *factor = data;
    double x = 0;
    if (count != 1) {
        jlt_fail(frame, "one argument, not %zu", count); /* an exception for the caller in Julia */
        return NULL;
    }
    if (!jlt_unbox(frame, arguments[0], &x))
        return NULL;
    return jlt_box(frame, *factor * x);
}

static void scale_run(jlt_frame *frame, const void *input, void *output)
{
    double *factor = malloc(sizeof(*factor));
    if (factor == NULL) {
        jlt_fail(frame, "no memory");
        return;
    }
    *factor = *(const double *)input;
    jlt_value *function = jlt_function(frame, "scale", scale, factor, free);
    if (function == NULL) {
        free(factor); /* still ours */
        return;
    }
    jlt_value *list = jlt_call(frame, jlt_global(frame, "Base.map"), function, jlt_range_f64(frame, 1, 3, 3));
    *(double *)output = jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.sum"), list));
}

/* ---- a plain C function: Julia converts the arguments as ccall does */

static void plain_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_value *type = jlt_global(frame, "Base.Float64");
    double (*pointer)(double, double) = hypot;
    jlt_value *function = jlt_c_function(frame, (void (*)(void))pointer, type, jlt_tuple(frame, type, type));
    jlt_value *length = jlt_call(frame, function, jlt_box(frame, 3), jlt_box(frame, 4)); /* Int32: converted */
    *(double *)output = jlt_unbox_f64(frame, length);
}

/* ---- C data that Julia keeps */

static void opaque_run(jlt_frame *frame, const void *input, void *output)
{
    jlt_value *list = jlt_array_new_of(frame, jlt_global(frame, "Base.Any"), 1, (size_t[]){1});
    int *counter = *(int *const *)input; /* outlives the message: no release */
    jlt_array_set(frame, list, 1, jlt_opaque(frame, "counter", counter, NULL));

    int *again = jlt_opaque_get(frame, "counter", jlt_array_get(frame, list, 1));
    if (again != NULL)
        *(int *)output = ++*again;

    /* another tag is another kind of data */
    jlt_opaque_get(frame, "file", jlt_array_get(frame, list, 1));
    if (jlt_catch(frame) != JLT_TYPE_MISMATCH)
        jlt_fail(frame, "a counter was taken for a file");
}

/* ---- C work that waits outside Julia */

static void read_byte(void *data)
{
    int *fd = data;
    char byte = 0;
    if (read(*fd, &byte, 1) != 1)
        *fd = -1;
    else
        *fd = byte;
}

static void read_run(jlt_frame *frame, const void *input, void *output)
{
    int work = *(const int *)input;
    if (jlt_blocking(frame, read_byte, &work))
        *(int *)output = work;
}

static void write_run(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    if (write(*(const int *)input, "j", 1) != 1)
        jlt_fail(frame, "nothing written");
}

static const jlt_task_type scale_type = {
    .name = "scale",
    .input_size = sizeof(double),
    .output_size = sizeof(double),
    .run = scale_run,
};
static const jlt_task_type plain_type = {.name = "plain", .output_size = sizeof(double), .run = plain_run};
static const jlt_task_type opaque_type = {
    .name = "opaque",
    .input_size = sizeof(int *),
    .output_size = sizeof(int),
    .run = opaque_run,
};
static const jlt_task_type read_type = {
    .name = "read",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = read_run,
};
static const jlt_task_type write_type = {.name = "write", .input_size = sizeof(int), .run = write_run};

/* On one Julia thread: the writer runs while the reader's work waits. */
static void read_and_write(jlt_runtime *runtime)
{
    int ends[2], byte = 0;
    EXPECT(pipe(ends) == 0);
    jlt_receiver *receiver;
    EXPECT(jlt_task_dispatch(runtime, &read_type, &ends[0], &receiver) == JLT_OK);
    EXPECT(jlt_task_invoke(runtime, &write_type, &ends[1], NULL) == JLT_OK);
    EXPECT(jlt_receiver_recv(receiver, &byte) == JLT_OK);
    EXPECT(byte == 'j');
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread) == JLT_OK);

    double factor = 2, sum = 0;
    EXPECT(jlt_task_invoke(runtime, &scale_type, &factor, &sum) == JLT_OK);
    EXPECT(sum == 12);

    double length = 0;
    EXPECT(jlt_task_invoke(runtime, &plain_type, NULL, &length) == JLT_OK);
    EXPECT(length == 5);

    int counter = 41, *pointer = &counter, counted = 0;
    EXPECT(jlt_task_invoke(runtime, &opaque_type, &pointer, &counted) == JLT_OK);
    EXPECT(counter == 42 && counted == 42);

    read_and_write(runtime);

    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
