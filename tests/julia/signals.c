/* SPDX-License-Identifier: MIT
 *
 * The host's signals stay the host's: those that it blocks and takes as it likes, SIGPIPE, the faults of its own
 * threads. Julia's own use of signals goes on. */
#include "julia/apart.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/select.h>
#include <sys/signalfd.h>

static const int taken[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGCHLD, SIGABRT, SIGALRM};
enum { taken_count = sizeof taken / sizeof *taken };

static sigset_t block_all_taken(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < taken_count; i++)
        sigaddset(&set, taken[i]);
    MUST(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    return set;
}

static void wait_for_each(const sigset_t *set)
{
    for (int i = 0; i < taken_count; i++) {
        int number = 0;
        kill(getpid(), taken[i]);
        MUST(evaluate("sum(rand(100)); GC.gc()") == JLT_OK); /* Julia's threads run, and take none of it */
        MUST(sigwait(set, &number) == 0 && number == taken[i]);
    }
}

static void by_sigwait(void)
{
    sigset_t set = block_all_taken();
    start_julia(2);
    wait_for_each(&set);
    end_julia();
    for (int i = 0; i < taken_count; i++) {
        int number = 0;
        kill(getpid(), taken[i]);
        MUST(sigwait(&set, &number) == 0 && number == taken[i]);
    }
}

static void test_blocked_signals_are_taken_by_sigwait(void **unused)
{
    (void)unused;
    assert_returned(apart(by_sigwait));
}

static void *wait_in_thread(void *data)
{
    wait_for_each(data);
    return NULL;
}

static void by_thread_made_later(void)
{
    sigset_t set = block_all_taken();
    pthread_t signals;
    start_julia(2);
    MUST(pthread_create(&signals, NULL, wait_in_thread, &set) == 0);
    pthread_join(signals, NULL);
    end_julia();
}

static void test_blocked_signals_are_taken_by_a_thread_made_later(void **unused)
{
    (void)unused;
    assert_returned(apart(by_thread_made_later));
}

static void by_signalfd(void)
{
    sigset_t set = block_all_taken();
    struct signalfd_siginfo info;
    start_julia(2);
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC);
    for (int i = 0; i < taken_count; i++) {
        kill(getpid(), taken[i]);
        MUST(evaluate("sum(rand(100)); GC.gc()") == JLT_OK);
        MUST(read(descriptor, &info, sizeof info) == sizeof info && (int)info.ssi_signo == taken[i]);
    }
    end_julia();
}

static void test_blocked_signals_are_taken_by_signalfd(void **unused)
{
    (void)unused;
    assert_returned(apart(by_signalfd));
}

static atomic_int seen;
static pthread_t seen_by;

static void note(int number)
{
    seen_by = pthread_self();
    atomic_store(&seen, number);
}

static void by_pselect(void)
{
    sigset_t set = block_all_taken(), none;
    sigemptyset(&none);
    start_julia(2);
    for (int i = 0; i < taken_count; i++) {
        struct sigaction action = {.sa_handler = note};
        atomic_store(&seen, 0);
        sigaction(taken[i], &action, NULL);
        kill(getpid(), taken[i]);
        MUST(evaluate("sum(rand(100)); GC.gc()") == JLT_OK);
        MUST(atomic_load(&seen) == 0);
        MUST(pselect(0, NULL, NULL, NULL, NULL, &none) == -1);
        MUST(atomic_load(&seen) == taken[i] && pthread_equal(seen_by, pthread_self()));
    }
    (void)set;
    end_julia();
}

static void test_blocked_signals_are_taken_by_pselect(void **unused)
{
    (void)unused;
    assert_returned(apart(by_pselect));
}

static void on_no_thread_of_julias(void)
{
    struct sigaction action = {.sa_handler = note};
    start_julia(2);
    for (int i = 0; i < taken_count; i++) {
        sigaction(taken[i], &action, NULL);
        atomic_store(&seen, 0);
        kill(getpid(), taken[i]);
        while (!atomic_load(&seen)) {
        }
        MUST(pthread_equal(seen_by, pthread_self()));
    }
    end_julia();
}

static void test_handlers_run_on_the_hosts_threads_alone(void **unused)
{
    (void)unused;
    assert_returned(apart(on_no_thread_of_julias));
}

static void default_action(void)
{
    start_julia(1);
    kill(getpid(), SIGTERM);
    for (;;)
        pause();
}

static void test_a_default_action_is_taken_at_once(void **unused)
{
    (void)unused;
    assert_int_equal(apart(default_action), SIGTERM);
}

/* ---- SIGPIPE ---- */

static const char write_to_closed_socket[] =
    "using Sockets\n"
    "server = listen(ip\"127.0.0.1\", 0); port = getsockname(server)[2]\n"
    "t = @async (c = accept(server); close(c))\n"
    "s = connect(ip\"127.0.0.1\", port); wait(t)\n"
    "try; while true; write(s, zeros(UInt8, 10000)); yield(); end; catch e; e isa Base.IOError || rethrow(); end";
static const char write_to_closed_pipe[] =
    "p = open(`true`, \"w\"); wait(p)\n"
    "try; while true; write(p, zeros(UInt8, 10000)); yield(); end; catch e; e isa Base.IOError || rethrow(); end";
static const char write_by_libc[] =
    "fds = zeros(Cint, 2); ccall(:pipe, Cint, (Ptr{Cint},), fds); ccall(:close, Cint, (Cint,), fds[1])\n"
    "ccall(:write, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), fds[2], \"x\", 1) == -1 || error(\"written\")\n"
    "Libc.errno() == Libc.EPIPE || error(\"another error\"); ccall(:close, Cint, (Cint,), fds[2])";

static void closed_peers(void)
{
    struct sigaction before, after;
    sigset_t mask_before, mask_after;
    sigaction(SIGPIPE, NULL, &before);
    pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
    start_julia(2);
    for (int i = 0; i < 4; i++) {
        MUST(evaluate(write_to_closed_socket) == JLT_OK);
        MUST(evaluate(write_to_closed_pipe) == JLT_OK);
        MUST(evaluate(write_by_libc) == JLT_OK);
    }
    sigaction(SIGPIPE, NULL, &after);
    pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
    MUST(before.sa_handler == after.sa_handler && !sigismember(&mask_after, SIGPIPE));
    end_julia();
    MUST(sigpending(&mask_after) == 0 && !sigismember(&mask_after, SIGPIPE));
}

static void test_a_peer_that_closes_is_an_error_of_julias(void **unused)
{
    (void)unused;
    assert_returned(apart(closed_peers));
}

static void own_pipe(void)
{
    int ends[2];
    start_julia(1);
    MUST(pipe(ends) == 0 && close(ends[0]) == 0);
    (void)!write(ends[1], "x", 1);
    _exit(1);
}

static void test_the_hosts_own_pipe_ends_it_as_before(void **unused)
{
    (void)unused;
    assert_int_equal(apart(own_pipe), SIGPIPE);
}

/* ---- profiles ---- */

static void profile(void)
{
    start_julia(2);
    for (int i = 0; i < 2; i++) {
        MUST(evaluate("using Profile; Profile.clear(); Profile.init(delay = 0.0005)\n"
                      "f() = (t = time(); x = 0.0; while time() < t + 0.3; x += sum(sqrt.(rand(1000))); end; x)\n"
                      "@profile f()\n"
                      "while isempty(Profile.fetch()); @profile f(); end") == JLT_OK); /* else for ever */
    }
    end_julia();
}

static void test_a_profile_has_samples(void **unused)
{
    (void)unused;
    assert_returned(apart(profile));
}

/* ---- faults ---- */

static sigjmp_buf back;
static atomic_int faults;

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    MUST(info->si_addr == NULL || number != SIGSEGV);
    atomic_fetch_add(&faults, 1);
    siglongjmp(back, 1);
}

static void read_null(void)
{
    volatile int *volatile nowhere = NULL;
    if (sigsetjmp(back, 1) == 0)
        (void)*nowhere;
}

static void own_faults(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    start_julia(2);
    for (int i = 1; i <= 3; i++) {
        read_null();
        MUST(atomic_load(&faults) == i);
        MUST(evaluate("f(n) = f(n + 1) + 1; f(1)") == JLT_EXCEPTION);
        MUST(strcmp(jlt_error_type(), "StackOverflowError") == 0);
        MUST(evaluate("div(1, zero(Int))") == JLT_EXCEPTION);
        MUST(strcmp(jlt_error_type(), "DivideError") == 0);
    }
    end_julia();
    read_null();
    MUST(atomic_load(&faults) == 4);
}

static void test_a_fault_of_the_hosts_goes_to_its_handler(void **unused)
{
    (void)unused;
    assert_returned(apart(own_faults));
}

static void own_crash(void)
{
    volatile int *volatile nowhere = NULL;
    start_julia(1);
    (void)*nowhere;
}

static void test_a_fault_of_the_hosts_ends_it_as_before(void **unused)
{
    (void)unused;
    assert_int_equal(apart(own_crash) & ~0x80, SIGSEGV); /* with a core dump or without */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocked_signals_are_taken_by_sigwait),
        cmocka_unit_test(test_blocked_signals_are_taken_by_a_thread_made_later),
        cmocka_unit_test(test_blocked_signals_are_taken_by_signalfd),
        cmocka_unit_test(test_blocked_signals_are_taken_by_pselect),
        cmocka_unit_test(test_handlers_run_on_the_hosts_threads_alone),
        cmocka_unit_test(test_a_default_action_is_taken_at_once),
        cmocka_unit_test(test_a_peer_that_closes_is_an_error_of_julias),
        cmocka_unit_test(test_the_hosts_own_pipe_ends_it_as_before),
        cmocka_unit_test(test_a_profile_has_samples),
        cmocka_unit_test(test_a_fault_of_the_hosts_goes_to_its_handler),
        cmocka_unit_test(test_a_fault_of_the_hosts_ends_it_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
