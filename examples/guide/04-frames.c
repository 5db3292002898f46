/* What a frame roots, and what happens when it fails. */
#include "expect.h"

#include <jltask.h>

#include <string.h>

struct digits {
    char text[64];
};

/* n! as text. However large n is, few values are rooted at a time. */
static void factorial_run(jlt_frame *frame, const void *input, void *output)
{
    int64_t n = *(const int64_t *)input;
    struct digits *digits = output;
    if (n < 0) {
        jlt_fail(frame, "%lld has no factorial", (long long)n);
        return;
    }

    jlt_value *times = jlt_global(frame, "Base.*");
    jlt_value *one = jlt_call(frame, jlt_global(frame, "Base.BigInt"), jlt_box(frame, (int64_t)1));
    jlt_slot *product = jlt_slot_new(frame, one);
    for (int64_t i = 2; i <= n && jlt_ok(frame); i++) {
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_slot_set(scope, product, jlt_call(scope, times, jlt_slot_get(scope, product), jlt_box(scope, i)));
        jlt_scope_close(scope); /* the factors go; the slot keeps the product */
    }

    size_t length = 0;
    const char *text = jlt_print(frame, jlt_slot_get(frame, product), &length);
    if (text == NULL) /* the frame has failed */
        return;
    if (length >= sizeof(digits->text))
        jlt_fail(frame, "%zu digits are too many", length);
    else
        memcpy(digits->text, text, length);
}

/* The number that a text stands for, or -1. */
static void parse_run(jlt_frame *frame, const void *input, void *output)
{
    const char *const *text = input;
    int64_t *number = output;
    jlt_value *parse = jlt_global(frame, "Base.parse");
    jlt_value *type = jlt_global(frame, "Base.Int64");
    *number = jlt_unbox_i64(frame, jlt_call(frame, parse, type, jlt_box_string(frame, *text)));
    jlt_status caught = jlt_catch(frame);
    jlt_value *exception = jlt_caught(frame); /* NULL if it was none */
    if (exception && jlt_isa(frame, exception, jlt_global(frame, "Base.ArgumentError")))
        *number = -1; /* parse's; jlt_unbox_i64 did nothing then */
    else if (exception)
        jlt_call(frame, jlt_global(frame, "Base.throw"), exception); /* another: not for us */
    else if (caught != JLT_OK)
        jlt_fail(frame, "%s", jlt_error_message());
}

/* Whether an array is there, and gone when nothing roots it. */
static void weak_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *weak = jlt_weak_new(frame, jlt_eval(scope, "zeros(1000)"));
    bool there = !jlt_is_nothing(scope, jlt_weak_get(scope, weak));
    jlt_scope_close(scope);
    jlt_gc_collect(frame, true);
    *(bool *)output = there && jlt_is_nothing(frame, jlt_weak_get(frame, weak));
}

static const jlt_task_type factorial_type = {
    .name = "factorial",
    .input_size = sizeof(int64_t),
    .output_size = sizeof(struct digits),
    .run = factorial_run,
};

static const jlt_task_type parse_type = {
    .name = "parse",
    .input_size = sizeof(const char *),
    .output_size = sizeof(int64_t),
    .run = parse_run,
};

static const jlt_task_type weak_type = {.name = "weak", .output_size = sizeof(bool), .run = weak_run};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread) == JLT_OK);

    int64_t n = 25;
    struct digits digits;
    EXPECT(jlt_task_invoke(runtime, &factorial_type, &n, &digits) == JLT_OK);
    EXPECT(strcmp(digits.text, "15511210043330985984000000") == 0);

    n = -1;
    EXPECT(jlt_task_invoke(runtime, &factorial_type, &n, &digits) == JLT_FAILED);
    EXPECT(strstr(jlt_error_message(), "-1 has no factorial") != NULL);

    const char *text = "42"; /* a literal: it outlives the message */
    int64_t number = 0;
    EXPECT(jlt_task_invoke(runtime, &parse_type, &text, &number) == JLT_OK);
    EXPECT(number == 42);
    text = "forty-two";
    EXPECT(jlt_task_invoke(runtime, &parse_type, &text, &number) == JLT_OK);
    EXPECT(number == -1);

    bool right = false;
    EXPECT(jlt_task_invoke(runtime, &weak_type, NULL, &right) == JLT_OK);
    EXPECT(right);

    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
