/* SPDX-License-Identifier: MIT
 *
 * Everything of the process that a start, use and end of Julia could change, looked at before, after the start, while
 * bodies run, after a child of Julia's and after the end. What may differ is in the table of docs/process.md. */
#include "julia/apart.h"

#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

extern char **environ;

enum { most = 256, resources = RLIM_NLIMITS };

struct state {
    struct sigaction actions[NSIG];
    sigset_t mask;
    stack_t alternate;
    fenv_t floating;
    char locale[512], folder[512], environment[most][512];
    int environment_count;
    mode_t umask;
    struct rlimit limits[resources];
    int descriptors[most], status_flags[most]; /* F_GETFD and F_GETFL; -1: closed */
    struct itimerval timers[3];
    int timer_count;
    locale_t thread_locale;
};

static int count_timers(void)
{
    char line[256];
    int count = 0;
    FILE *file = fopen("/proc/self/timers", "r");
    while (file && fgets(line, sizeof line, file))
        count += strncmp(line, "ID:", 3) == 0;
    if (file)
        fclose(file);
    return count;
}

static void look(struct state *state)
{
    memset(state, 0, sizeof *state);
    for (int i = 1; i < NSIG; i++)
        sigaction(i, NULL, &state->actions[i]);
    pthread_sigmask(SIG_SETMASK, NULL, &state->mask);
    sigaltstack(NULL, &state->alternate);
    fegetenv(&state->floating);
    state->thread_locale = uselocale((locale_t)0);
    snprintf(state->locale, sizeof state->locale, "%s", setlocale(LC_ALL, NULL));
    MUST(getcwd(state->folder, sizeof state->folder));
    for (; environ[state->environment_count] && state->environment_count < most; state->environment_count++)
        snprintf(state->environment[state->environment_count], sizeof state->environment[0], "%s",
                 environ[state->environment_count]);
    state->umask = umask(0);
    umask(state->umask);
    for (int i = 0; i < resources; i++)
        getrlimit(i, &state->limits[i]);
    for (int i = 0; i < most; i++) {
        state->descriptors[i] = fcntl(i, F_GETFD);
        state->status_flags[i] = fcntl(i, F_GETFL);
    }
    for (int i = 0; i < 3; i++)
        getitimer(i, &state->timers[i]);
    state->timer_count = count_timers();
}

/* ---- what is promised ---- */

/* The dispositions that Julia takes. */
static bool is_taken(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGSTKFLT;
}

/* The variables that Julia's own libraries set. */
static bool may_be_set(const char *variable)
{
    static const char *const names[] = {
        "OPENBLAS_MAIN_FREE=", "OPENBLAS_NUM_THREADS=", "OPENBLAS_DEFAULT_NUM_THREADS=", "OMP_NUM_THREADS="};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool had(const struct state *before, const char *variable)
{
    for (int i = 0; i < before->environment_count; i++)
        if (strcmp(before->environment[i], variable) == 0)
            return true;
    return false;
}

static void compare_environment(const struct state *before, const struct state *now)
{
    for (int i = 0; i < now->environment_count; i++)
        if (!had(before, now->environment[i]) && !may_be_set(now->environment[i])) {
            fprintf(stderr, "the environment has %s\n", now->environment[i]);
            _exit(98);
        }
    for (int i = 0; i < before->environment_count; i++)
        MUST(had(now, before->environment[i]));
}

/* The host's stay as they are, and what is new is closed when a program is run. */
static void compare_descriptors(const struct state *before, const struct state *now)
{
    for (int i = 0; i < most; i++) {
        if (before->descriptors[i] != -1) {
            MUST(before->descriptors[i] == now->descriptors[i]);
            int may_change = i <= 2 ? O_NONBLOCK : 0; /* where a standard stream is a pipe or a socket */
            MUST((before->status_flags[i] | may_change) == (now->status_flags[i] | may_change));
        } else if (now->descriptors[i] != -1 && !(now->descriptors[i] & FD_CLOEXEC)) {
            char link[64], target[256] = "";
            snprintf(link, sizeof link, "/proc/self/fd/%d", i);
            (void)!readlink(link, target, sizeof target - 1);
            fprintf(stderr, "descriptor %d stays open when a program is run: %s\n", i, target);
            _exit(98);
        }
    }
}

static void compare(const struct state *before, const char *when)
{
    static struct state now;
    look(&now);
    fprintf(stderr, "%s\n", when);
    for (int i = 1; i < NSIG; i++)
        if (before->actions[i].sa_handler != now.actions[i].sa_handler && !is_taken(i)) {
            fprintf(stderr, "signal %d has another disposition\n", i);
            _exit(98);
        }
    for (int i = 1; i < NSIG; i++)
        MUST(sigismember(&before->mask, i) == sigismember(&now.mask, i));
    MUST(before->alternate.ss_flags == now.alternate.ss_flags && before->alternate.ss_sp == now.alternate.ss_sp);
    MUST(memcmp(&before->floating, &now.floating, sizeof now.floating) == 0);
    MUST(before->thread_locale == now.thread_locale && strcmp(before->locale, now.locale) == 0);
    MUST(strcmp(before->folder, now.folder) == 0 && before->umask == now.umask);
    compare_environment(before, &now);
    MUST(memcmp(before->limits, now.limits, sizeof now.limits) == 0);
    compare_descriptors(before, &now);
    for (int i = 0; i < 3; i++) /* the first one is apart's, and runs */
        MUST(timerisset(&before->timers[i].it_value) == timerisset(&now.timers[i].it_value));
    MUST(before->timer_count == now.timer_count);
}

/* ---- a host with a state of its own ---- */

static void ignore(int number)
{
    (void)number;
}

static void make_own_state(void)
{
    static char stack[1 << 16];
    struct sigaction action = {.sa_handler = ignore};
    for (int i = 1; i < NSIG; i++)
        if (i != SIGKILL && i != SIGSTOP && i != SIGALRM && !is_taken(i))
            sigaction(i, &action, NULL); /* fails for those that the C library has for itself */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    setlocale(LC_ALL, "C.UTF-8");
    fesetround(FE_UPWARD);
    umask(027);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 200;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static const char computes_as_julia[] =
    "third = parse(Float64, \"1\") / parse(Float64, \"3\"); third === reinterpret(Float64, 0x3fd5555555555555) || "
    "error(third)\n"
    "unsafe_string(unsafe_load(ccall(:localeconv, Ptr{Ptr{UInt8}}, ()))) == \".\" || error(\"locale\")\n"
    "Threads.@threads for i in 1:4; parse(Float64, \"1\") / parse(Float64, \"3\") == third || error(i); end";

static void evaluate_code(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_eval(frame, *(const char *const *)input);
}

static void by_spawn(void)
{
    static struct state before;
    make_own_state();
    look(&before);
    start_julia(2);
    compare(&before, "after the start");
    MUST(evaluate(computes_as_julia) == JLT_OK);
    compare(&before, "after a body");
    const char *waits = "const go = Channel{Nothing}(1); take!(go)";
    static const jlt_task_type type = {.input_size = sizeof waits, .run = evaluate_code};
    jlt_receiver *receiver;
    MUST(jlt_task_dispatch(runtime, &type, &waits, &receiver) == JLT_OK);
    compare(&before, "while a body runs");
    MUST(evaluate("while !@isdefined(go); yield(); end; put!(go, nothing)") == JLT_OK);
    MUST(jlt_receiver_recv(receiver, NULL) == JLT_OK);
    MUST(evaluate("read(`echo hi`, String) == \"hi\\n\" || error()") == JLT_OK);
    compare(&before, "after a child");
    MUST(evaluate("using LinearAlgebra; rand(50, 50) * rand(50, 50); GC.gc()") == JLT_OK);
    compare(&before, "after linear algebra");
    end_julia();
    compare(&before, "after the end");
}

static void test_a_spawned_julia_leaves_the_process_as_it_is(void **unused)
{
    (void)unused;
    assert_returned(apart(by_spawn));
}

static struct state at_start;

static int main_function(jlt_runtime *handle, void *argument)
{
    (void)argument;
    runtime = handle;
    struct state now;
    look(&now);
    MUST(sigismember(&now.mask, SIGHUP) && !sigismember(&now.mask, SIGTERM));
    MUST(fegetround() == FE_UPWARD);
    MUST(evaluate(computes_as_julia) == JLT_OK);
    jlt_runtime_drop(handle);
    return 0;
}

static void by_start(void)
{
    make_own_state();
    look(&at_start);
    MUST(jlt_runtime_start(&(jlt_options){.threads = 2}, main_function, NULL, NULL) == JLT_OK);
    compare(&at_start, "after jlt_runtime_start");
    MUST(jlt_runtime_start(&(jlt_options){.julia = "/nonexistent"}, main_function, NULL, NULL) != JLT_OK);
    compare(&at_start, "after a start that failed");
}

static void test_the_caller_of_runtime_start_has_its_own_state_back(void **unused)
{
    (void)unused;
    assert_returned(apart(by_start));
}

/* ---- floating point, whatever the host's ---- */

static void with_traps(void)
{
    feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
    start_julia(2);
    MUST(evaluate(computes_as_julia) == JLT_OK);
    MUST(evaluate("isnan(parse(Float64, \"0\") / parse(Float64, \"0\")) || error()") == JLT_OK);
    MUST(fegetexcept() == (FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW));
    end_julia();
}

static void test_the_hosts_traps_are_not_julias(void **unused)
{
    (void)unused;
    assert_returned(apart(with_traps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_spawned_julia_leaves_the_process_as_it_is),
        cmocka_unit_test(test_the_caller_of_runtime_start_has_its_own_state_back),
        cmocka_unit_test(test_the_hosts_traps_are_not_julias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
