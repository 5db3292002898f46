/* SPDX-License-Identifier: MIT
 *
 * Julia's log, given to a sink: from bodies, from tasks of Julia's, from all threads; and whatever goes wrong while a
 * record is made never reaches the body. */
#include "julia/fixture.h"

#include <stdatomic.h>

enum { most_records = 4096, most_pairs = 8 };

struct copy {
    int level, line;
    char level_name[32], message[256], module[64], group[64], id[128], file[128];
    size_t count;
    char keys[most_pairs][32], values[most_pairs][256];
};

static struct copy records[most_records];
static int record_count;
static atomic_int inside, overlaps;

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

static void keep(void *context, const jlt_log_record *record)
{
    if (atomic_fetch_add(&inside, 1) || context != &records)
        atomic_fetch_add(&overlaps, 1);
    struct copy *copy = &records[record_count < most_records ? record_count++ : most_records - 1];
    copy->level = record->level;
    copy->line = record->line;
    COPY(copy->level_name, record->level_name);
    COPY(copy->message, record->message);
    COPY(copy->module, record->module);
    COPY(copy->group, record->group);
    COPY(copy->id, record->id);
    COPY(copy->file, record->file);
    copy->count = record->count;
    for (size_t i = 0; i < record->count && i < most_pairs; i++) {
        COPY(copy->keys[i], record->keys[i]);
        COPY(copy->values[i], record->values[i]);
    }
    atomic_fetch_sub(&inside, 1);
}

static int set_up(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 2, .log = keep, .log_context = &records, .log_level = -500},
                                &runtime, &thread));
    return 0;
}

/* The last record, after this code. */
static const struct copy *logged(jlt_frame *frame, const char *code)
{
    static const struct copy none;
    record_count = 0;
    jlt_eval(frame, code);
    return record_count ? &records[record_count - 1] : &none;
}

static void fields(jlt_frame *frame)
{
    const struct copy *record = logged(frame, "\n@info \"the message\" x=1 text=\"a b\" list=[1, 2]");
    EXPECT(jlt_ok(frame) && record_count == 1);
    EXPECT(record->level == 0 && !strcmp(record->level_name, "Info"));
    EXPECT(!strcmp(record->message, "the message"));
    EXPECT(!strcmp(record->module, "Main"));
    EXPECT(!strcmp(record->file, "jlt_eval") && record->line == 2);
    EXPECT(!strcmp(record->group, "jlt_eval"));
    EXPECT(record->id[0]);
    EXPECT(record->count == 3);
    EXPECT(!strcmp(record->keys[0], "x") && !strcmp(record->values[0], "1"));
    EXPECT(!strcmp(record->keys[1], "text") && !strcmp(record->values[1], "a b"));
    EXPECT(!strcmp(record->keys[2], "list") && !strcmp(record->values[2], "[1, 2]"));
}

static void levels(jlt_frame *frame)
{
    const struct copy *record = logged(frame, "@warn \"careful\"");
    EXPECT(record->level == 1000 && !strcmp(record->level_name, "Warn") && record->count == 0);
    record = logged(frame, "@error \"bad\" exception=DomainError(-1, \"negative\")");
    EXPECT(record->level == 2000 && !strcmp(record->level_name, "Error"));
    EXPECT(!strcmp(record->keys[0], "exception") && strstr(record->values[0], "negative"));
    record = logged(frame, "try error(\"caught\") catch e; @error \"b\" exception=(e, catch_backtrace()) end");
    EXPECT(!strcmp(record->values[0], "caught"));
    jlt_eval(frame, "using Logging");
    record = logged(frame, "@logmsg Logging.LogLevel(500) \"between\"");
    EXPECT(record->level == 500 && !strcmp(record->level_name, "LogLevel(500)"));
    logged(frame, "@debug \"below the level\"");
    EXPECT(record_count == 0);
    logged(frame, "@logmsg Logging.LogLevel(-500) \"just at it\"");
    EXPECT(record_count == 1);
    logged(frame, "for i in 1:10 @info \"limited\" maxlog=3 end");
    EXPECT(record_count == 3 && records[2].count == 0);
}

static void strange_records(jlt_frame *frame)
{
    const struct copy *record = logged(frame, "@info error(\"in the message\")");
    EXPECT(jlt_ok(frame) && record_count == 1);
    EXPECT(record->level == 2000 && strstr(record->message, "Exception while generating log record"));
    EXPECT(!strcmp(record->keys[0], "exception") && !strcmp(record->values[0], "in the message"));
    jlt_eval(frame, "struct Unshowable end; Base.show(io::IO, ::Unshowable) = error(\"no\")");
    record = logged(frame, "@info Unshowable() x=Unshowable()");
    EXPECT(jlt_ok(frame) && record_count == 1);
    EXPECT(!strcmp(record->message, "(showing a Unshowable threw ErrorException)"));
    EXPECT(!strcmp(record->values[0], "(showing a Unshowable threw ErrorException)"));
    record = logged(frame, "@info \"\" _file=nothing _line=nothing _module=nothing _group=:g _id=:i");
    EXPECT(jlt_ok(frame) && record_count == 1);
    EXPECT(!record->message[0] && !record->file[0] && record->line == 0 && !record->module[0]);
    EXPECT(!strcmp(record->group, "g") && !strcmp(record->id, "i"));
    record = logged(frame, "@info \"gr\\u00fc\\u00dfe\\nzwei\"");
    EXPECT(!strcmp(record->message, "gr\xc3\xbc\xc3\x9f"
                                    "e\nzwei"));
    record = logged(frame, "@info zeros(1000, 1000)");
    EXPECT(record->message[0] == '[');
}

/* A logger of the program's own still goes before. */
static void other_loggers(jlt_frame *frame)
{
    logged(frame, "with_logger(() -> @info(\"elsewhere\"), NullLogger())");
    EXPECT(jlt_ok(frame) && record_count == 0);
    logged(frame, "wait(@async @info \"from a task\")");
    EXPECT(jlt_ok(frame) && record_count == 1);
}

static void test_records(void **unused)
{
    (void)unused;
    in_body(fields);
    in_body(levels);
    in_body(strange_records);
    in_body(other_loggers);
}

/* ---- many at once, and the sink's own use of the API ---- */

static void log_many(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_call(frame, jlt_eval(frame, "n -> for i in 1:n; @info \"one of many\" i; i % 10 == 0 && yield(); end"),
             jlt_box_i64(frame, *(const int64_t *)input));
}

static void test_all_threads_log_one_at_a_time(void **unused)
{
    static const jlt_task_type type = {.input_size = sizeof(int64_t), .run = log_many};
    enum { tasks = 8 };
    jlt_receiver *receivers[tasks];
    const int64_t each = test_is_stress() ? 10 : 100;
    (void)unused;
    record_count = 0;
    for (int i = 0; i < tasks; i++)
        assert_ok(jlt_task_dispatch(runtime, &type, &each, &receivers[i]));
    for (int i = 0; i < tasks; i++)
        assert_ok(jlt_receiver_recv(receivers[i], NULL));
    assert_int_equal(record_count, tasks * each);
    assert_int_equal(atomic_load(&overlaps), 0);
}

/* What the sink does on the thread is not seen by the body that runs there. */
static void body_with_an_error(jlt_frame *frame)
{
    jlt_fail(frame, "kept");
    EXPECT(jlt_catch(frame) == JLT_FAILED);
    jlt_eval(frame, "@info \"in between\"");
    EXPECT(!strcmp(jlt_error_message(), "kept"));
}

static void test_the_error_of_a_body_stays(void **unused)
{
    (void)unused;
    in_body(body_with_an_error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_all_threads_log_one_at_a_time),
        cmocka_unit_test(test_the_error_of_a_body_stays),
    };
    return cmocka_run_group_tests(tests, set_up, stop_runtime);
}
