/* SPDX-License-Identifier: MIT */
#include "platform/platform.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long futex(atomic_uint *word, int operation, unsigned value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

bool platform_wait(atomic_uint *word, unsigned expected, int64_t timeout_ns)
{
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    long result = futex(word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &timeout);
    return result == 0 || errno != ETIMEDOUT;
}

void platform_wake_one(atomic_uint *word)
{
    futex(word, FUTEX_WAKE_PRIVATE, 1, NULL);
}

void platform_wake_all(atomic_uint *word)
{
    futex(word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL);
}

int platform_event_open(void)
{
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return event < 0 ? -errno : event;
}

void platform_event_set(int event)
{
    eventfd_write(event, 1); /* fails only when the count is full, and the event set */
}

void platform_event_clear(int event)
{
    eventfd_t count;
    eventfd_read(event, &count);
}

void platform_event_close(int event)
{
    close(event);
}

int platform_thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *), void *argument)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur > stack_bytes)
        stack_bytes = limit.rlim_cur; /* whoever raised the limit wants deep recursion */
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    error = pthread_attr_setstacksize(&attributes, stack_bytes);
    if (!error)
        error = pthread_create(thread, &attributes, run, argument);
    pthread_attr_destroy(&attributes);
    return error;
}

uint64_t platform_random(void)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) /* early in the system's boot */
        number = (uint64_t)platform_now() ^ (uint64_t)getpid() << 32;
    return number;
}

int64_t platform_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int platform_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}

static const int kept_signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGPIPE};

void platform_signals_save(struct host_signals *saved)
{
    for (int i = 0; i < 4; i++)
        sigaction(kept_signals[i], NULL, &saved->actions[i]);
}

void platform_signals_restore(const struct host_signals *saved)
{
    for (int i = 0; i < 4; i++)
        sigaction(kept_signals[i], &saved->actions[i], NULL);
}

void platform_open_standard_streams(void)
{
    for (int stream = 0; stream <= 2; stream++) {
        if (fcntl(stream, F_GETFD) != -1)
            continue;
        int null = open("/dev/null", O_RDWR | O_CLOEXEC); /* usually has the number already */
        if (null == stream)
            fcntl(null, F_SETFD, 0); /* children have it, as any standard stream */
        else if (null >= 0) {
            dup2(null, stream);
            close(null);
        }
    }
}

void platform_signals_block(void)
{
    static const int caused[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t set;
    sigfillset(&set);
    for (size_t i = 0; i < sizeof caused / sizeof *caused; i++)
        sigdelset(&set, caused[i]);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
}

bool platform_is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool platform_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool platform_is_program(const char *path)
{
    return platform_is_file(path) && access(path, X_OK) == 0;
}

char *platform_real_path(const char *path)
{
    return realpath(path, NULL);
}

char *platform_find_program(const char *name)
{
    const char *path = getenv("PATH");
    char candidate[PATH_MAX];
    for (const char *at = path, *end; at; at = *end ? end + 1 : NULL) {
        end = strchrnul(at, ':');
        int length = (int)(end - at);
        snprintf(candidate, sizeof candidate, "%.*s/%s", length ? length : 1, length ? at : ".", name);
        if (platform_is_program(candidate))
            return strdup(candidate);
    }
    return NULL;
}

/* Reads fd to its end, or until the deadline. NULL on either failure. */
static char *read_all(int fd, int64_t deadline)
{
    size_t length = 0, room = 4096;
    char *text = malloc(room);
    while (text) {
        int64_t left = (deadline - platform_now()) / 1000000;
        struct pollfd ready = {fd, POLLIN, 0};
        if (left <= 0 || poll(&ready, 1, (int)left) <= 0)
            break;
        ssize_t count = read(fd, text + length, room - length - 1);
        if (count < 0)
            break;
        if (count == 0) {
            text[length] = '\0';
            return text;
        }
        length += (size_t)count;
        if (room - length < 2) {
            char *larger = realloc(text, room *= 2);
            if (!larger)
                break;
            text = larger;
        }
    }
    free(text);
    return NULL;
}

char *platform_run(const char *const *arguments, int64_t timeout_ns)
{
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0)
        return NULL;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int error = posix_spawn(&child, arguments[0], &actions, NULL, (char *const *)(uintptr_t)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    char *text = NULL;
    if (!error) {
        text = read_all(out[0], platform_now() + timeout_ns);
        if (!text)
            kill(child, SIGKILL);
        int status = 0; /* stays so where the host ignores SIGCHLD */
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        if (text && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
            free(text);
            text = NULL;
        }
    }
    close(out[0]);
    return text;
}

void *platform_library_open(const char *path, char **error)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
        const char *reason = dlerror();
        *error = strdup(reason ? reason : "unknown reason");
    }
    return library;
}

void *platform_library_symbol(void *library, const char *name)
{
    return dlsym(library, name);
}

void platform_library_close(void *library)
{
    dlclose(library);
}
