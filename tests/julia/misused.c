/* SPDX-License-Identifier: MIT */
#include "julia/misused.h"

#include <sys/resource.h>

static FILE *written; /* stderr of the child, until it ends */
static off_t begun;   /* where in it the misuse's message begins */
static _Thread_local sigjmp_buf *go_back;

/* ---- in the child ---- */

static void (*to_run)(void);

static void on_abort(int number)
{
    (void)number;
    if (go_back)
        siglongjmp(*go_back, 1);
}

static void begin_child(void)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(fileno(written), STDERR_FILENO);
}

static void run_watched(void)
{
    struct sigaction action = {.sa_handler = on_abort};
    begin_child();
    sigaction(SIGABRT, &action, NULL);
    to_run();
}

static void run_to_death(void)
{
    begin_child();
    to_run();
}

void misused_begin(sigjmp_buf *back)
{
    begun = lseek(STDERR_FILENO, 0, SEEK_END);
    go_back = back;
}

void misused_not_seen(const char *text, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not seen: %s\n", file, line, text);
    _exit(99);
}

static bool says(const char *said, const char *text)
{
    static const char prefix[] = "jltask: ";
    const char *end = strchr(said, '\n');
    return !strncmp(said, prefix, sizeof prefix - 1) && !strncmp(said + sizeof prefix - 1, text, strlen(text)) && end &&
           !end[1];
}

void misused_end(const char *text, const char *file, int line)
{
    char said[1024] = "";
    go_back = NULL;
    if (pread(STDERR_FILENO, said, sizeof said - 1, begun) > 0 && says(said, text))
        return;
    fprintf(stderr, "%s:%d: expected: %s\n", file, line, text);
    _exit(99);
}

typedef void body(jlt_frame *frame);

static void run_body(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    (*(body *const *)input)(frame);
}

void in_message(body *what)
{
    static const jlt_task_type type = {.name = "message", .input_size = sizeof(body *), .run = run_body};
    MUST(jlt_task_invoke(runtime, &type, &what, NULL) == JLT_OK);
}

/* ---- in the test ---- */

static int run_child(void (*child)(void), void (*run)(void), char *text, size_t size)
{
    to_run = run;
    written = tmpfile();
    assert_non_null(written);
    int status = apart(child);
    rewind(written);
    text[fread(text, 1, size - 1, written)] = '\0';
    fclose(written);
    return status;
}

void misused_apart(void (*run)(void))
{
    static char text[1 << 16];
    int status = run_child(run_watched, run, text, sizeof text);
    if (status != 0)
        fputs(text, stderr);
    assert_returned(status);
}

void misused_to_death(void (*commit)(void), const char *text)
{
    char said[1024];
    int status = run_child(run_to_death, commit, said, sizeof said);
    if (!says(said, text))
        fprintf(stderr, "expected: %s\nsaid: %s\n", text, said);
    assert_true(says(said, text));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}
