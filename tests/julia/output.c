/* SPDX-License-Identifier: MIT
 *
 * What Julia code prints, given to a sink; the process's own streams stay the host's. */
#include "julia/fixture.h"

#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    char text[1 << 20];
    size_t length;
} streams[3];
static atomic_int inside, overlaps;

static void keep(void *context, int stream, const char *bytes, size_t count)
{
    if (atomic_fetch_add(&inside, 1) || context != &streams || stream < 1 || stream > 2)
        atomic_fetch_add(&overlaps, 1);
    if (streams[stream].length + count < sizeof streams[stream].text) {
        memcpy(streams[stream].text + streams[stream].length, bytes, count);
        streams[stream].length += count;
    }
    jlt_runtime_drop(NULL); /* any thread's functions may be used */
    atomic_fetch_sub(&inside, 1);
}

static int set_up(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 2, .output = keep, .output_context = &streams}, &runtime,
                                &thread));
    return 0;
}

static void forget(void)
{
    for (int i = 1; i <= 2; i++) {
        memset(streams[i].text, 0, streams[i].length);
        streams[i].length = 0;
    }
}

/* Whether code printed just that. */
static bool prints(jlt_frame *frame, const char *code, const char *out, const char *err)
{
    forget();
    jlt_eval(frame, code);
    bool same = !strcmp(streams[1].text, out) && !strcmp(streams[2].text, err);
    if (!same)
        print_error("%s: \"%s\" \"%s\"\n", code, streams[1].text, streams[2].text);
    return jlt_ok(frame) && same;
}

static void printing(jlt_frame *frame)
{
    EXPECT(prints(frame, "print(\"a\", 1, 'c')", "a1c", ""));
    EXPECT(prints(frame, "println(stderr, \"b\"); println()", "\n", "b\n"));
    EXPECT(prints(frame, "show(stdout, [1, 2]); write(stdout, 0x41)", "[1, 2]A", ""));
    EXPECT(prints(frame, "display(12)", "12", "") || prints(frame, "display(12)", "12\n", "")); /* since 1.6 */
    EXPECT(prints(frame, "printstyled(\"red\"; color=:red)", "red", ""));
    jlt_using(frame, "Printf");
    EXPECT(prints(frame, "@printf(\"%3d|\", 7)", "  7|", ""));
    EXPECT(prints(frame, "write(stdout, UInt8[1, 2, 3]); flush(stdout)", "\1\2\3", ""));
    EXPECT(prints(frame, "print(stdout, \"\")", "", ""));
    EXPECT(prints(frame, "wait(@async println(\"from a task\"))", "from a task\n", ""));
    forget();
    jlt_eval(frame, "write(stdout, \"a\\0b\")");
    EXPECT(streams[1].length == 3 && !memcmp(streams[1].text, "a\0b", 3));
}

/* Without a sink for it the log is output. */
static void logging(jlt_frame *frame)
{
    forget();
    jlt_eval(frame, "@warn \"shown on stderr\"");
    EXPECT(jlt_ok(frame) && strstr(streams[2].text, "shown on stderr"));
    EXPECT(!streams[1].length);
    forget();
    jlt_eval(frame, "@debug \"not shown\"");
    EXPECT(!streams[2].length);
}

static void children(jlt_frame *frame)
{
    EXPECT(!strcmp(jlt_unbox_string(frame, jlt_eval(frame, "read(`echo read`, String)"), NULL), "read\n"));
    EXPECT(prints(frame, "run(`true`); run(pipeline(`true`, stdout=stdout, stderr=stderr))", "", ""));
}

static void test_what_julia_prints(void **unused)
{
    (void)unused;
    in_body(printing);
    in_body(logging);
    in_body(children);
    assert_int_equal(atomic_load(&overlaps), 0);
}

/* ---- the host's streams ---- */

static void print_both(jlt_frame *frame)
{
    EXPECT(prints(frame, "println(\"Julia's\"); run(`echo child`)", "Julia's\n", ""));
}

/* Redirecting in Julia changes the descriptors, as ever; afterwards all is as it was. */
static void redirect(jlt_frame *frame)
{
    EXPECT(prints(frame,
                  "old = stdout; (rd, wr) = redirect_stdout(); println(\"caught\"); redirect_stdout(old); close(wr)\n"
                  "println(stdout === old, read(rd, String))",
                  "truecaught\n\n", ""));
    EXPECT(prints(frame, "redirect_stderr(() -> nothing, stderr); print(stderr, \"again\")", "", "again"));
}

static void test_the_descriptors_stay_the_hosts(void **unused)
{
    int ends[2];
    char text[64] = "";
    (void)unused;
    assert_int_equal(pipe(ends), 0);
    struct stat before, after;
    fstat(1, &before);
    in_body(redirect);
    fstat(1, &after);
    assert_int_equal(after.st_ino, before.st_ino);
    int saved = dup(1);
    dup2(ends[1], 1);
    in_body(print_both);
    ssize_t written = write(1, "the host's\n", 11);
    dup2(saved, 1);
    close(saved);
    close(ends[1]);
    assert_int_equal(written, 11);
    assert_int_equal(read(ends[0], text, sizeof text - 1), 17);
    assert_string_equal(text, "child\nthe host's\n");
    close(ends[0]);
}

/* ---- many at once ---- */

/* Another task prints while a value is half shown. */
static void define_yielding(jlt_frame *frame)
{
    jlt_eval(frame, "struct Yielding end; Base.show(io::IO, ::Yielding) = (print(io, \"li\"); yield(); print(io, "
                    "\"ne\"))");
}

static void print_many(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_call(frame, jlt_eval(frame, "n -> for i in 1:n; println(\"<\", i, \":\", Yielding(), \">\"); yield(); end"),
             jlt_box_i64(frame, *(const int64_t *)input));
}

static void test_lines_of_several_threads_stay_whole(void **unused)
{
    static const jlt_task_type type = {.input_size = sizeof(int64_t), .run = print_many};
    enum { tasks = 8 };
    jlt_receiver *receivers[tasks];
    const int64_t each = test_is_stress() ? 10 : 200;
    (void)unused;
    in_body(define_yielding);
    forget();
    for (int i = 0; i < tasks; i++)
        assert_ok(jlt_task_dispatch(runtime, &type, &each, &receivers[i]));
    for (int i = 0; i < tasks; i++)
        assert_ok(jlt_receiver_recv(receivers[i], NULL));
    int64_t lines = 0;
    for (char *line = strtok(streams[1].text, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        int number = 0, end = 0;
        assert_int_equal(sscanf(line, "<%d:line>%n", &number, &end), 1);
        assert_int_equal(end, (int)strlen(line));
    }
    assert_int_equal(lines, tasks * each);
    assert_int_equal(atomic_load(&overlaps), 0);
}

/* ---- the end ---- */

static void print_at_exit(jlt_frame *frame)
{
    forget();
    jlt_eval(frame, "atexit(() -> print(\"at the very end\"))");
}

static int tear_down(void **state)
{
    in_body(print_at_exit);
    stop_runtime(state);
    assert_string_equal(streams[1].text, "at the very end");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_julia_prints),
        cmocka_unit_test(test_the_descriptors_stay_the_hosts),
        cmocka_unit_test(test_lines_of_several_threads_stay_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
