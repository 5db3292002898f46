/* SPDX-License-Identifier: MIT */
#include "julia/apart.h"

int apart(void (*run)(void))
{
    int status = -1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct sigaction action = {.sa_handler = SIG_DFL};
        for (int number = 1; number < NSIG; number++)
            sigaction(number, &action, NULL);
        alarm(120);
        run();
        exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

void start_julia(int threads)
{
    MUST(jlt_runtime_spawn(&(jlt_options){.threads = threads}, &runtime, &thread) == JLT_OK);
}

void end_julia(void)
{
    jlt_runtime_drop(runtime);
    MUST(jlt_thread_join(thread) == JLT_OK);
}

static void evaluate_text(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_eval(frame, *(const char *const *)input);
}

jlt_status evaluate(const char *code)
{
    static const jlt_task_type type = {.input_size = sizeof code, .run = evaluate_text};
    return jlt_task_invoke(runtime, &type, &code, NULL);
}
