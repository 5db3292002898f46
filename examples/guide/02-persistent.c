/* A persistent task that keeps Julia data between messages, and whose failures are read by the client. */
#include "expect.h"

#include <jltask.h>

#include <stdlib.h>
#include <string.h>

struct roots_config {
    double first;
    size_t *count; /* where exit says how many there were; outlives the runtime */
};

struct roots {
    jlt_value *list; /* a Vector{Float64}, rooted by init's frame */
    size_t *count;
};

static void roots_init(jlt_frame *frame, void *state, const void *config)
{
    const struct roots_config *from = config;
    struct roots *self = state;
    self->count = from->count;
    self->list = jlt_array_copy(frame, JLT_F64, &from->first, 1, (size_t[]){1});
}

/* Adds the root of x to the list, and gives the list's sum. */
static void roots_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct roots *self = state;
    const double *x = input;
    jlt_value *root = jlt_call(frame, jlt_global(frame, "Base.sqrt"), jlt_box_f64(frame, *x));
    jlt_array_push_value(frame, self->list, root);
    jlt_value *sum = jlt_call(frame, jlt_global(frame, "Base.sum"), self->list);
    *(double *)output = jlt_unbox_f64(frame, sum);
}

static void roots_exit(jlt_frame *frame, void *state)
{
    struct roots *self = state;
    *self->count = jlt_array_length(frame, self->list);
}

static const jlt_persistent_type roots_type = {
    .name = "roots",
    .state_size = sizeof(struct roots),
    .config_size = sizeof(struct roots_config),
    .input_size = sizeof(double),
    .output_size = sizeof(double),
    .init = roots_init,
    .run = roots_run,
    .exit = roots_exit,
};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread) == JLT_OK);

    size_t count = 0;
    struct roots_config config = {.first = 1, .count = &count};
    jlt_persistent *roots;
    EXPECT(jlt_persistent_spawn(runtime, &roots_type, &config, &roots) == JLT_OK);

    double x = 4, sum = 0;
    EXPECT(jlt_persistent_invoke(roots, &x, &sum) == JLT_OK);
    EXPECT(sum == 3);

    /* sqrt throws: the reply is the exception, and the sum is not written */
    x = -1;
    EXPECT(jlt_persistent_invoke(roots, &x, &sum) == JLT_EXCEPTION);
    EXPECT(sum == 3);
    EXPECT(strcmp(jlt_error_type(), "DomainError") == 0);
    EXPECT(strstr(jlt_error_message(), "-1.0") != NULL);
    EXPECT(strstr(jlt_error_backtrace(), "sqrt") != NULL);

    /* the task goes on, and its list is what it was */
    x = 9;
    EXPECT(jlt_persistent_invoke(roots, &x, &sum) == JLT_OK);
    EXPECT(sum == 6);

    jlt_persistent_drop(roots);
    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    EXPECT(count == 3);
    return 0;
}
