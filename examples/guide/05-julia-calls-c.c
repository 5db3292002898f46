/* Modules, C functions and C data for Julia, and long C work that keeps no Julia thread. */
#include "guide.h"

static jlt_value *report(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    int *calls = data;
    if (count != 1)
        jlt_fail(frame, "report takes one argument, not %zu", count); /* an exception in Julia */
    else
        *calls += (int)jlt_unbox_i64(frame, arguments[0]);
    return NULL; /* nothing */
}

static void long_work(void *data)
{
    *(double *)data = 42.0; /* a solver, a file, a lock: anything that touches no Julia */
}

static void run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    static int calls;
    jlt_value *module = jlt_module_once(frame, "Steps",
                                        "function walk(n, report)\n"
                                        "    for i in 1:n\n"
                                        "        yield()\n"
                                        "        report(i)\n"
                                        "    end\n"
                                        "end");
    jlt_value *callable = jlt_function(frame, "report", report, &calls, NULL);
    jlt_call(frame, jlt_field_get(frame, module, "walk"), jlt_box_i64(frame, 4), callable);
    EXPECT(calls == 1 + 2 + 3 + 4);

    jlt_call(frame, callable);
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION && strstr(jlt_error_message(), "one argument"));

    jlt_value *handle = jlt_opaque(frame, "counter", &calls, NULL);
    EXPECT(jlt_opaque_get(frame, "counter", handle) == &calls);

    double result = 0;
    EXPECT(jlt_blocking(frame, long_work, &result) && result > 41);

    jlt_include(frame, "/no/such/file.jl");
    EXPECT(jlt_catch(frame) == JLT_NOT_FOUND);
}

int main(void)
{
    static const jlt_task_type type = {.name = "walk", .run = run};
    jlt_runtime *runtime;
    jlt_thread *thread;
    CHECK(jlt_runtime_spawn(NULL, &runtime, &thread));
    CHECK(jlt_task_invoke(runtime, &type, NULL, NULL));
    jlt_runtime_drop(runtime);
    CHECK(jlt_thread_join(thread));
    return 0;
}
