/* What a runtime does while it runs: counts, times, a trace, a dump. */
#include "expect.h"

#include <jltask.h>

#include <string.h>

static void root_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    jlt_value *sqrt = jlt_global(frame, "Base.sqrt");
    jlt_value *root = jlt_call(frame, sqrt, jlt_box_f64(frame, *(const double *)input));
    *(double *)output = jlt_unbox_f64(frame, root);
}

static const jlt_persistent_type root_type = {
    .name = "root",
    .input_size = sizeof(double),
    .output_size = sizeof(double),
    .run = root_run,
};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.timings = true}, &runtime, &thread) == JLT_OK);

    jlt_persistent *root;
    EXPECT(jlt_trace_start(runtime) == JLT_OK);
    EXPECT(jlt_persistent_spawn(runtime, &root_type, NULL, &root) == JLT_OK);
    double good = 2, bad = -2, output;
    for (int i = 0; i < 1000; i++)
        EXPECT(jlt_persistent_invoke(root, &good, &output) == JLT_OK);
    EXPECT(jlt_persistent_invoke(root, &bad, &output) == JLT_EXCEPTION);
    EXPECT(jlt_trace_stop(runtime) == JLT_OK);

    /* numbers */
    jlt_stats stats;
    EXPECT(jlt_persistent_stats(root, &stats) == JLT_OK);
    EXPECT(stats.messages == 1001 && stats.failures_by_status[JLT_EXCEPTION] == 1 && stats.queued == 0);
    printf("half of the messages took at most %.1f us, the longest %.1f us\n", (double)stats.run_ns.p50 / 1e3,
           (double)stats.run_ns.max / 1e3);
    EXPECT(jlt_runtime_stats(runtime, &stats) == JLT_OK);
    printf("%.0f collections, %.1f MB in use\n", (double)stats.collections, (double)stats.bytes / 1e6);

    /* for Prometheus: asked for with more room until it fits */
    size_t length = 0, room = 0;
    char *text = NULL;
    while (jlt_stats_prometheus(runtime, text, &length) == JLT_FULL) {
        room = length;
        text = realloc(text, room);
        EXPECT(text != NULL);
    }
    EXPECT(strstr(text, "jltask_messages_total{type=\"root\"} 1001\n") != NULL);
    free(text);

    /* for ui.perfetto.dev */
    FILE *file = tmpfile(); /* or fopen("trace.json", "w") */
    EXPECT(file && jlt_trace_write(runtime, fileno(file)) == JLT_OK);
    fclose(file);

    /* for somebody who wonders what hangs */
    EXPECT(jlt_dump(2) == JLT_OK);

    jlt_persistent_drop(root);
    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
