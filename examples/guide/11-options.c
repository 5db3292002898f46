/* Julia's log and output in the program's hands; options, and what became of them. */
#include "expect.h"

#include <jltask.h>

#include <stdio.h>
#include <string.h>

struct seen {
    int warnings;
    char value[16]; /* of the warning's key "limit" */
    char printed[64];
    size_t length;
};

/* Called by one thread at a time. The record's texts are good until it returns. */
static void on_log(void *context, const jlt_log_record *record)
{
    struct seen *seen = context;
    if (record->level != 1000 || strcmp(record->message, "too hot") != 0)
        return;
    seen->warnings++;
    for (size_t i = 0; i < record->count; i++)
        if (strcmp(record->keys[i], "limit") == 0)
            snprintf(seen->value, sizeof(seen->value), "%s", record->values[i]);
}

static void on_output(void *context, int stream, const char *bytes, size_t count)
{
    struct seen *seen = context;
    if (stream != 1 || count >= sizeof(seen->printed) - seen->length)
        return;
    memcpy(seen->printed + seen->length, bytes, count);
    seen->length += count;
}

static void talk_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_eval(frame, "@info \"not asked for\"\n"
                    "@warn \"too hot\" limit = 90\n"
                    "println(\"hello\")");
}

static const jlt_task_type talk_type = {.name = "talk", .run = talk_run};

int main(void)
{
    static struct seen seen; /* good until jlt_thread_join has returned */
    jlt_options options = {
        .threads = 1,
        .optimize = JLT_OPTIMIZE_1,
        .check_bounds = JLT_CHECK_BOUNDS_YES,
        .log = on_log,
        .log_context = &seen,
        .log_level = 1000,
        .output = on_output,
        .output_context = &seen,
    };
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&options, &runtime, &thread) == JLT_OK);

    jlt_settings settings;
    EXPECT(jlt_runtime_settings(runtime, &settings) == JLT_OK);
    EXPECT(settings.threads == 1 && settings.optimize == JLT_OPTIMIZE_1);
    EXPECT(settings.check_bounds == JLT_CHECK_BOUNDS_YES);
    EXPECT(strcmp(settings.version, jlt_julia_version()) == 0);
    printf("Julia %s, %s\n", settings.version, settings.julia);

    EXPECT(jlt_task_invoke(runtime, &talk_type, NULL, NULL) == JLT_OK);
    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);

    EXPECT(seen.warnings == 1 && strcmp(seen.value, "90") == 0);
    EXPECT(strcmp(seen.printed, "hello\n") == 0);
    return 0;
}
