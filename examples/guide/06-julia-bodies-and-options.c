/* A task whose bodies are Julia functions; a sink for Julia's log; options, and what Julia made of them. */
#include "guide.h"

#include <stdatomic.h>

static atomic_int warnings;

static void log_sink(void *context, const jlt_log_record *record)
{
    (void)context;
    if (!strcmp(record->message, "large step") && record->count == 1 && !strcmp(record->keys[0], "step"))
        atomic_fetch_add(&warnings, 1);
}

static void define(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_module_once(frame, "Walker",
                    "mutable struct State; at::Float64; end\n"
                    "start(at::Float64) = State(at)\n"
                    "function move(state::State, step::Float64)\n"
                    "    step > 10 && @warn \"large step\" step\n"
                    "    return state.at += step\n"
                    "end");
}

static const jlt_persistent_type walker_type = {
    .name = "walker",
    .config_size = sizeof(double),
    .input_size = sizeof(double),
    .output_size = sizeof(double),
    .julia_init = "Main.Walker.start",
    .julia_run = "Main.Walker.move",
    .julia_config = "Float64",
    .julia_input = "Float64",
    .julia_output = "Float64",
};

int main(void)
{
    static const jlt_task_type define_type = {.name = "define", .run = define};
    const jlt_options options = {.threads = 1, .optimize = JLT_OPTIMIZE_2, .log = log_sink};
    jlt_runtime *runtime;
    jlt_thread *thread;
    CHECK(jlt_runtime_spawn(&options, &runtime, &thread));
    CHECK(jlt_task_invoke(runtime, &define_type, NULL, NULL));

    jlt_persistent *walker;
    double at;
    CHECK(jlt_persistent_spawn(runtime, &walker_type, &(double){1.0}, &walker));
    CHECK(jlt_persistent_invoke(walker, &(double){2.0}, &at));
    CHECK(jlt_persistent_invoke(walker, &(double){20.0}, &at));
    EXPECT(at > 22.9 && at < 23.1 && atomic_load(&warnings) == 1);
    jlt_persistent_drop(walker);

    jlt_settings settings;
    CHECK(jlt_runtime_settings(runtime, &settings));
    EXPECT(settings.threads == 1 && strlen(settings.version) > 0);

    CHECK(jlt_runtime_close(runtime, false)); /* for all handles; drops alone would do it too */
    EXPECT(jlt_task_invoke(runtime, &define_type, NULL, NULL) == JLT_CLOSED);
    jlt_runtime_drop(runtime);
    CHECK(jlt_thread_join(thread));
    return 0;
}
