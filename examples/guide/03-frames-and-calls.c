/* Failures that stick to the frame, scopes, and all the ways to call. */
#include "guide.h"

static void failures(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_value *nothing_there = jlt_global(frame, "Main.no_such_thing");
    EXPECT(!nothing_there && !jlt_ok(frame));
    jlt_call(frame, nothing_there); /* does nothing: the first failure is kept */
    EXPECT(jlt_catch(frame) == JLT_NOT_FOUND && jlt_ok(frame));

    for (int i = 0; i < 1000; i++) {
        jlt_frame *scope = jlt_scope_open(frame); /* or the frame would keep a thousand values */
        jlt_box_f64(scope, i);
        jlt_scope_close(scope);
    }
    jlt_fail(frame, "%d is enough", 7);
}

static void calls(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_value *numbers = jlt_eval(frame, "[3, 1, 2]");
    jlt_value *keywords = jlt_named_tuple(frame, {"rev", jlt_box_bool(frame, true)});
    jlt_value *sorted = jlt_call_kw(frame, keywords, jlt_global(frame, "Base.sort"), numbers);
    EXPECT(jlt_unbox_i64(frame, jlt_index_at(frame, sorted, 1)) == 3);

    jlt_value *largest = jlt_call_splat(frame, jlt_global(frame, "Base.max"), numbers);
    EXPECT(jlt_unbox_i64(frame, largest) == 3);

    jlt_value *halves = jlt_broadcast(frame, jlt_global(frame, "Base./"), numbers, jlt_box_i64(frame, 2));
    EXPECT(jlt_unbox_f64(frame, jlt_index_at(frame, halves, 2)) < 0.51);

    /* two Julia tasks at once; the body is suspended while it waits, its thread is not */
    jlt_value *nap = jlt_eval(frame, "x -> (sleep(0.01); x)");
    jlt_value *one = jlt_spawn(frame, nap, jlt_box_i64(frame, 1));
    jlt_value *two = jlt_spawn(frame, nap, jlt_box_i64(frame, 2));
    EXPECT(jlt_unbox_i64(frame, jlt_fetch(frame, two)) + jlt_unbox_i64(frame, jlt_fetch(frame, one)) == 3);
}

int main(void)
{
    static const jlt_task_type failing = {.name = "failures", .run = failures};
    static const jlt_task_type calling = {.name = "calls", .run = calls};
    jlt_runtime *runtime;
    jlt_thread *thread;
    CHECK(jlt_runtime_spawn(NULL, &runtime, &thread));
    EXPECT(jlt_task_invoke(runtime, &failing, NULL, NULL) == JLT_FAILED);
    EXPECT(!strcmp(jlt_error_message(), "7 is enough"));
    CHECK(jlt_task_invoke(runtime, &calling, NULL, NULL));
    jlt_runtime_drop(runtime);
    CHECK(jlt_thread_join(thread));
    return 0;
}
