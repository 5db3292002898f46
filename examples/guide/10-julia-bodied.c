/* A persistent task whose bodies are Julia functions. */
#include "expect.h"

#include <jltask.h>

#include <string.h>

static const char code[] = "struct Result; total::Float64; count::Int64; end\n"
                           "mutable struct State; total::Float64; count::Int64; end\n"
                           "start(first) = State(first, 0)\n"
                           "function add(state, x)\n"
                           "    x < 0 && throw(DomainError(x, \"not below 0\"))\n"
                           "    state.total += x\n"
                           "    state.count += 1\n"
                           "    return Result(state.total, state.count)\n"
                           "end\n";

static void setup_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_module_once(frame, "Sums", code);
}

static const jlt_task_type setup_type = {.name = "setup", .run = setup_run};

struct result {
    double total;
    int64_t count;
};

static const jlt_persistent_type sum_type = {
    .name = "sum",
    .config_size = sizeof(double),
    .julia_config = "Float64",
    .input_size = sizeof(double),
    .julia_input = "Float64",
    .output_size = sizeof(struct result),
    .julia_output = "Main.Sums.Result",
    .julia_init = "Main.Sums.start",
    .julia_run = "Main.Sums.add",
};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread) == JLT_OK);
    EXPECT(jlt_task_invoke(runtime, &setup_type, NULL, NULL) == JLT_OK);

    double first = 1, x = 2;
    jlt_persistent *sum;
    struct result result = {0};
    EXPECT(jlt_persistent_spawn(runtime, &sum_type, &first, &sum) == JLT_OK);
    EXPECT(jlt_persistent_invoke(sum, &x, &result) == JLT_OK);
    EXPECT(result.total == 3 && result.count == 1);

    x = -1;
    EXPECT(jlt_persistent_invoke(sum, &x, &result) == JLT_EXCEPTION);
    EXPECT(strcmp(jlt_error_type(), "DomainError") == 0);
    jlt_persistent_drop(sum);

    /* sizes are compared when a task is started */
    static const jlt_persistent_type wrong_type = {
        .name = "wrong",
        .input_size = sizeof(float),
        .julia_input = "Float64",
        .julia_run = "Main.Sums.add",
    };
    EXPECT(jlt_persistent_spawn(runtime, &wrong_type, NULL, &sum) == JLT_TYPE_MISMATCH);

    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
