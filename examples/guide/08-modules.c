/* Julia code from a file, from a text, and from a package. The argument: the path of 08-geometry.jl. */
#include "expect.h"

#include <jltask.h>

#include <math.h>
#include <string.h>

/* A file, evaluated in Main each time. */
static void include_run(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    const char *const *path = input;
    jlt_include(frame, *path);
}

static void area_run(jlt_frame *frame, const void *input, void *output)
{
    jlt_value *area = jlt_global(frame, "Main.Geometry.area");
    *(double *)output = jlt_unbox_f64(frame, jlt_call(frame, area, jlt_box_f64(frame, *(const double *)input)));
}

/* A module that every task of the type needs, and the first one makes. */
struct twice {
    jlt_value *function;
};

static void twice_init(jlt_frame *frame, void *state, const void *config)
{
    (void)config;
    struct twice *self = state;
    jlt_value *module = jlt_module_once(frame, "Twice", "twice(x) = 2x");
    self->function = jlt_field_get(frame, module, "twice");
}

static void twice_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct twice *self = state;
    jlt_value *result = jlt_call(frame, self->function, jlt_box_i64(frame, *(const int64_t *)input));
    *(int64_t *)output = jlt_unbox_i64(frame, result);
}

/* A package: Julia's own Statistics. */
static void mean_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_value *statistics = jlt_using(frame, "Statistics");
    jlt_value *mean = jlt_field_get(frame, statistics, "mean");
    *(double *)output = jlt_unbox_f64(frame, jlt_call(frame, mean, jlt_range_i64(frame, 1, 1, 4)));
}

static void absent_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_using(frame, "NoSuchPackage");
}

static const jlt_task_type include_type = {.name = "include", .input_size = sizeof(char *), .run = include_run};
static const jlt_task_type area_type = {
    .name = "area",
    .input_size = sizeof(double),
    .output_size = sizeof(double),
    .run = area_run,
};
static const jlt_persistent_type twice_type = {
    .name = "twice",
    .state_size = sizeof(struct twice),
    .input_size = sizeof(int64_t),
    .output_size = sizeof(int64_t),
    .init = twice_init,
    .run = twice_run,
};
static const jlt_task_type mean_type = {.name = "mean", .output_size = sizeof(double), .run = mean_run};
static const jlt_task_type absent_type = {.name = "absent", .run = absent_run};

int main(int argc, char **argv)
{
    EXPECT(argc == 2);
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread) == JLT_OK);

    const char *path = argv[1];
    double radius = 2, area = 0;
    EXPECT(jlt_task_invoke(runtime, &include_type, &path, NULL) == JLT_OK);
    EXPECT(jlt_task_invoke(runtime, &area_type, &radius, &area) == JLT_OK);
    EXPECT(fabs(area - 12.566370614359172) < 1e-12);

    jlt_persistent *first, *second;
    EXPECT(jlt_persistent_spawn(runtime, &twice_type, NULL, &first) == JLT_OK);
    EXPECT(jlt_persistent_spawn(runtime, &twice_type, NULL, &second) == JLT_OK);
    int64_t n = 21, result = 0;
    EXPECT(jlt_persistent_invoke(second, &n, &result) == JLT_OK);
    EXPECT(result == 42);
    jlt_persistent_drop(first);
    jlt_persistent_drop(second);

    double mean = 0;
    EXPECT(jlt_task_invoke(runtime, &mean_type, NULL, &mean) == JLT_OK);
    EXPECT(mean == 2.5);
    EXPECT(jlt_task_invoke(runtime, &absent_type, NULL, NULL) == JLT_NOT_FOUND);
    EXPECT(strstr(jlt_error_message(), "NoSuchPackage") != NULL);

    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
