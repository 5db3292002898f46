/* SPDX-License-Identifier: MIT
 *
 * While Julia starts, it sets what a program sets once for itself: the dispositions of many signals, the first thread's
 * mask, the locale, the limit of descriptors. In a host's process these are the host's. Of the dispositions Julia keeps
 * those that it cannot do without (julia/faults.h, and the sampling signal); the mask is thread_state_julia's. Later,
 * libjulia calls these functions for its children and when it is about to end the process by a signal, and is left to
 * it. */
#include "julia/imports.h"

#include "core/fork.h"
#include "julia/children.h"
#include "julia/faults.h"
#include "julia/profile.h"
#include "julia/symbols.h"
#include "julia/threads.h"
#include "platform/imports.h"
#include "platform/platform.h"

#include <dlfcn.h>
#include <locale.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void *libjulia;
static atomic_bool starting;

static int for_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    if (number == SIGCHLD)
        return children_sigaction(action, old);
    if (number == SIGUSR2)
        return threads_sigaction(action, old);
    if (faults_has(number))
        return faults_sigaction(number, action, old);
    return sigaction(number, atomic_load(&starting) ? NULL : action, old);
}

static void (*for_signal(int number, void (*handler)(int)))(int)
{
    return atomic_load(&starting) ? SIG_DFL : signal(number, handler);
}

static int for_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    return pthread_sigmask(how, atomic_load(&starting) ? NULL : set, old);
}

static char *for_setlocale(int category, const char *name)
{
    (void)name;
    return setlocale(category, NULL); /* NOLINT(concurrency-mt-unsafe): asks only */
}

static int for_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    (void)resource, (void)limit;
    return 0;
}

/* Up to 1.5 libjulia looks for libuv's functions, its own, in the whole process, and would find those of a libuv that
 * the host is linked with. */
static void *for_dlsym(void *library, const char *name)
{
    void *own = strncmp(name, "uv_", 3) == 0 ? platform_library_symbol(libjulia, name) : NULL;
    return own ? own : dlsym(library, name);
}

/* A thread with nothing to do spins in Julia's scheduler before it sleeps, 0.1 ms, uncounted and beside those of
 * jltask's that know better (core/spin.h): on a machine with few cores it takes the time of who has work. Since 1.6
 * Julia asks the environment for how long, in ns, once, at its start. */
static char *for_getenv(const char *name)
{
    static char idle_spin_ns[] = "10000";
    char *value = getenv(name);
    bool asks = !value && atomic_load(&starting) && !strcmp(name, "JULIA_THREAD_SLEEP_THRESHOLD");
    return asks ? idle_spin_ns : value;
}

/* 1.5 spins 4 ms, but not under the debugger rr, for which it asks the kernel by this number, and for nothing else. */
static long for_syscall(long number, ...)
{
    enum { rrcall_check_presence = 1008, most_arguments = 6 };
    long values[most_arguments];
    va_list arguments;
    if (number == rrcall_check_presence && julia_minor() == 5)
        return 0;
    va_start(arguments, number);
    for (int i = 0; i < most_arguments; i++)
        values[i] = va_arg(arguments, long);
    va_end(arguments);
    return syscall(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

/* ---- a forked child that ends ---- */

/* Destructors of Julia's libraries deal with threads: libuv's takes their lock, wakes and joins them and frees what
 * they shared, and a condition variable waits until nobody waits for it any more. In a forked child (core/fork.h) the
 * threads do not exist, and may have the lock. */

static int for_join(pthread_t thread, void **result)
{
    return fork_is_child() ? 0 : pthread_join(thread, result);
}

static int for_lock(pthread_mutex_t *mutex)
{
    return fork_is_child() ? 0 : pthread_mutex_lock(mutex);
}

static int for_unlock(pthread_mutex_t *mutex)
{
    return fork_is_child() ? 0 : pthread_mutex_unlock(mutex);
}

static int for_destroy_mutex(pthread_mutex_t *mutex)
{
    return fork_is_child() ? 0 : pthread_mutex_destroy(mutex);
}

static int for_signal_one(pthread_cond_t *condition)
{
    return fork_is_child() ? 0 : pthread_cond_signal(condition);
}

static int for_signal_all(pthread_cond_t *condition)
{
    return fork_is_child() ? 0 : pthread_cond_broadcast(condition);
}

static int for_destroy_condition(pthread_cond_t *condition)
{
    return fork_is_child() ? 0 : pthread_cond_destroy(condition);
}

/* Julia's imports; all have the C library's types. */
static const struct {
    const char *name;
    platform_function *instead;
} imports[] = {
    {"sigaction", (platform_function *)for_sigaction},
    {"signal", (platform_function *)for_signal},
    {"pthread_sigmask", (platform_function *)for_sigmask},
    {"sigprocmask", (platform_function *)for_sigmask},
    {"setlocale", (platform_function *)for_setlocale},
    {"getenv", (platform_function *)for_getenv},
    {"syscall", (platform_function *)for_syscall},
    {"setrlimit", (platform_function *)for_setrlimit},
    {"setrlimit64", (platform_function *)for_setrlimit},
    {"dlsym", (platform_function *)for_dlsym},
    {"pthread_create", (platform_function *)threads_create},
    {"pthread_kill", (platform_function *)threads_kill},
    {"pthread_join", (platform_function *)for_join},
    {"pthread_mutex_lock", (platform_function *)for_lock},
    {"pthread_mutex_unlock", (platform_function *)for_unlock},
    {"pthread_mutex_destroy", (platform_function *)for_destroy_mutex},
    {"pthread_cond_signal", (platform_function *)for_signal_one},
    {"pthread_cond_broadcast", (platform_function *)for_signal_all},
    {"pthread_cond_destroy", (platform_function *)for_destroy_condition},
    {"sigwaitinfo", (platform_function *)profile_sigwaitinfo},
    {"sigwait", (platform_function *)profile_sigwait},
    {"timer_create", (platform_function *)profile_timer_create},
    {"timer_settime", (platform_function *)profile_timer_settime},
    {"timer_delete", (platform_function *)profile_timer_delete},
    {"fork", (platform_function *)children_fork},
    {"vfork", (platform_function *)children_vfork},
    {"waitpid", (platform_function *)children_wait},
    {"wait4", (platform_function *)children_wait4},
};

void imports_replace(void *library)
{
    libjulia = library;
    for (size_t i = 0; i < sizeof imports / sizeof *imports; i++)
        platform_import_replace("libjulia", imports[i].name, NULL, imports[i].instead);
    /* of condition variables in libjulia-codegen, which the C++ library destroys when the process ends */
    platform_import_replace("libstdc++", "pthread_cond_destroy", NULL, (platform_function *)for_destroy_condition);
}

void imports_begin_start(void)
{
    atomic_store(&starting, true);
}

void imports_end_start(void)
{
    atomic_store(&starting, false);
}
