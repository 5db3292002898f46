/* SPDX-License-Identifier: MIT
 *
 * Julia's children and the host's: each has the status of its own, and the host's disposition of SIGCHLD stays. */
#include "julia/apart.h"

#include <errno.h>
#include <stdatomic.h>

static const char runs_children[] =
    "read(`echo hi`, String) == \"hi\\n\" || error(\"read\")\n"
    "success(`true`) || error(\"true\")\n"
    "run(ignorestatus(`sh -c 'exit 7'`)).exitcode == 7 || error(\"7\")\n"
    "run(ignorestatus(`sh -c 'kill -9 $$'`)).termsignal == 9 || error(\"9\")\n"
    "try; run(`/nonexistent/program`); error(\"run\"); catch e; e isa Base.IOError || rethrow(); end\n"
    "ps = [run(`sh -c 'exit 0'`, wait = false) for i in 1:10]; foreach(wait, ps); all(success, ps) || error(\"ten\")";

static atomic_int hits;

static void count(int number)
{
    (void)number;
    atomic_fetch_add(&hits, 1);
}

static void count_with_info(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info && info->si_signo == number)
        atomic_fetch_add(&hits, 1);
}

static void reap_all(int number)
{
    int saved = errno;
    count(number);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    errno = saved;
}

static bool same(const struct sigaction *one, const struct sigaction *other)
{
    return one->sa_handler == other->sa_handler && one->sa_flags == other->sa_flags &&
           sigismember(&one->sa_mask, SIGUSR1) == sigismember(&other->sa_mask, SIGUSR1);
}

static pid_t start_own_child(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(3);
    return child;
}

/* Julia's children under this disposition, which is there before the start and must be there at each point after. */
static void with(struct sigaction action)
{
    struct sigaction set, now;
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaction(SIGCHLD, &action, NULL);
    sigaction(SIGCHLD, NULL, &set);
    start_julia(2);
    for (int i = 0; i < 3; i++) {
        MUST(evaluate(runs_children) == JLT_OK);
        do { /* on 1.5, the child that could not run its program is seen a few turns of the loop later */
            sigaction(SIGCHLD, NULL, &now);
        } while (!same(&set, &now) && evaluate("sleep(0.001)") == JLT_OK);
    }
    end_julia();
    sigaction(SIGCHLD, NULL, &now);
    MUST(same(&set, &now));
}

static void with_handler(void)
{
    int status = 0;
    with((struct sigaction){.sa_handler = count, .sa_flags = SA_RESTART});
    int before = atomic_load(&hits);
    pid_t child = start_own_child();
    MUST(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
    MUST(atomic_load(&hits) > before);
}

static void with_info_handler(void)
{
    with((struct sigaction){.sa_sigaction = count_with_info, .sa_flags = SA_SIGINFO | SA_RESTART});
    int before = atomic_load(&hits);
    MUST(waitpid(start_own_child(), NULL, 0) > 0);
    MUST(atomic_load(&hits) > before);
}

static void with_default(void)
{
    with((struct sigaction){.sa_handler = SIG_DFL});
}

static void with_ignored(void)
{
    with((struct sigaction){.sa_handler = SIG_IGN});
    MUST(waitpid(start_own_child(), NULL, 0) == -1 && errno == ECHILD);
}

static void without_zombies(void)
{
    with((struct sigaction){.sa_handler = count, .sa_flags = SA_NOCLDWAIT | SA_RESTART});
    MUST(waitpid(start_own_child(), NULL, 0) == -1 && errno == ECHILD);
}

static void test_every_disposition_stays(void **unused)
{
    (void)unused;
    assert_returned(apart(with_handler));
    assert_returned(apart(with_info_handler));
    assert_returned(apart(with_default));
    assert_returned(apart(with_ignored));
    assert_returned(apart(without_zombies));
}

/* While a child of Julia's runs, one of a host's that ignores SIGCHLD ends: it must not be left over. */
static void ignored_meanwhile(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(SIGCHLD, &action, NULL);
    start_julia(1);
    MUST(evaluate("const p = open(`cat`, \"r+\")") == JLT_OK);
    pid_t child = start_own_child();
    siginfo_t info;
    while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    MUST(evaluate("close(p.in); wait(p); success(p) || error(\"cat\")") == JLT_OK);
    MUST(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    end_julia();
}

static void test_no_child_of_a_host_that_ignores_them_is_left(void **unused)
{
    (void)unused;
    assert_returned(apart(ignored_meanwhile));
}

/* A host that waits for any child takes the status of Julia's, but Julia's wait ends. */
static void greedy(void)
{
    struct sigaction action = {.sa_handler = reap_all, .sa_flags = SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    start_julia(2);
    for (int i = 0; i < 20; i++)
        MUST(evaluate("p = run(`true`, wait = false); wait(p); process_exited(p) || error(\"runs on\")") == JLT_OK);
    end_julia();
}

static void test_a_host_that_waits_for_any_child_does_not_hang_julia(void **unused)
{
    (void)unused;
    assert_returned(apart(greedy));
}

static void handler_after_first_child(void)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART}, now;
    start_julia(2);
    MUST(evaluate(runs_children) == JLT_OK);
    sigaction(SIGCHLD, &action, NULL);
    MUST(evaluate(runs_children) == JLT_OK);
    sigaction(SIGCHLD, NULL, &now);
    MUST(now.sa_handler == count && atomic_load(&hits) > 0);
    MUST(evaluate("const p = open(`cat`, \"r+\")") == JLT_OK);
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, NULL);
    MUST(evaluate("close(p.in); wait(p); success(p) || error(\"cat\")") == JLT_OK);
    end_julia();
}

static void test_a_handler_may_come_and_go_while_julia_has_children(void **unused)
{
    (void)unused;
    assert_returned(apart(handler_after_first_child));
}

/* A child begins as one of `julia` does: nothing blocked, nothing ignored. Signals 32 and 33 are the C library's own:
 * it lets nobody set them, so a process that was made with them ignored, and all its children, have them so. */
static void clean_children(void)
{
    start_julia(1);
    MUST(evaluate("s = read(`cat /proc/self/status`, String)\n"
                  "for field in (\"SigBlk\", \"SigIgn\")\n"
                  "    signals = match(Regex(\"$field:\\\\s*([0-9a-f]+)\\n\"), s).captures[1]\n"
                  "    parse(UInt64, signals, base = 16) & ~UInt64(3 << 31) == 0 || error(s)\n"
                  "end") == JLT_OK);
    end_julia();
}

static void test_a_child_has_no_signal_blocked_or_ignored(void **unused)
{
    (void)unused;
    assert_returned(apart(clean_children));
}

/* A child that outlives the runtime, stopped until then, is nobody's business but the host's. */
static void left_child(void)
{
    int status = 0;
    start_julia(1);
    MUST(evaluate("run(`sh -c 'kill -STOP $$; exit 5'`, wait = false)") == JLT_OK);
    end_julia();
    pid_t child = waitpid(-1, &status, WUNTRACED);
    MUST(child > 0 && WIFSTOPPED(status));
    kill(child, SIGCONT);
    MUST(waitpid(-1, &status, 0) == child);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

static void test_a_child_may_outlive_julia(void **unused)
{
    (void)unused;
    assert_returned(apart(left_child));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_disposition_stays),
        cmocka_unit_test(test_no_child_of_a_host_that_ignores_them_is_left),
        cmocka_unit_test(test_a_host_that_waits_for_any_child_does_not_hang_julia),
        cmocka_unit_test(test_a_handler_may_come_and_go_while_julia_has_children),
        cmocka_unit_test(test_a_child_has_no_signal_blocked_or_ignored),
        cmocka_unit_test(test_a_child_may_outlive_julia),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
