/* SPDX-License-Identifier: MIT */
#include "platform/platform.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
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

int platform_timer_open(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    return timer < 0 ? -errno : timer;
}

void platform_timer_set(int timer, int64_t delay_ns)
{
    struct itimerspec once = {.it_value = {delay_ns / 1000000000, delay_ns % 1000000000}};
    timerfd_settime(timer, 0, &once, NULL);
}

void platform_timer_wait(int timer)
{
    uint64_t times;
    while (read(timer, &times, sizeof times) < 0 && errno == EINTR) {
    }
}

void platform_timer_close(int timer)
{
    close(timer);
}

static int start_thread(pthread_t *thread, size_t stack_bytes, void *(*run)(void *), void *argument)
{
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

/* Whoever raised the limit wants deep recursion; but it may be larger than the memory. */
int platform_thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *), void *argument)
{
    struct rlimit limit;
    int error = -1;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur > stack_bytes)
        error = start_thread(thread, limit.rlim_cur, run, argument);
    return error ? start_thread(thread, stack_bytes, run, argument) : 0;
}

int64_t platform_now_coarse(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

int platform_thread_number(void)
{
    return (int)syscall(SYS_gettid);
}

int64_t platform_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The numbers that a file begins with: one, or two where second is not NULL. False: it has not that many. */
static bool read_numbers(const char *path, long long *first, long long *second)
{
    FILE *file = fopen(path, "re");
    bool all = file && fscanf(file, "%lld", first) == 1 && (!second || fscanf(file, "%lld", second) == 1);
    if (file)
        fclose(file);
    return all;
}

/* The processors' time that the cgroup of this process may use, in processors; 0: no limit. Of version 2 in its own
 * folder, or what a container sees as the root; of version 1 in the latter. */
static int quota(void)
{
    long long most = 0, period = 0;
    char line[PATH_MAX], path[PATH_MAX + 64];
    FILE *groups = fopen("/proc/self/cgroup", "re");
    bool known = false;
    while (groups && !known && fgets(line, sizeof line, groups)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::", 3) != 0)
            continue;
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", line + 3);
        known = read_numbers(path, &most, &period) || read_numbers("/sys/fs/cgroup/cpu.max", &most, &period);
    }
    if (groups)
        fclose(groups);
    if (!known)
        known = read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", &most, NULL) &&
                read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us", &period, NULL);
    return known && most > 0 && period > 0 ? (int)((most + period - 1) / period) : 0;
}

static int allowed_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}

int platform_processors(void)
{
    static atomic_int known_quota; /* relaxed: all that find it would find the same; -1: none */
    int limit = atomic_load_explicit(&known_quota, memory_order_relaxed), allowed = allowed_processors();
    if (!limit) {
        limit = quota();
        atomic_store_explicit(&known_quota, limit ? limit : -1, memory_order_relaxed);
    }
    return limit > 0 && limit < allowed ? limit : allowed;
}

void *platform_reserve(size_t bytes)
{
    void *range = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return range == MAP_FAILED ? NULL : range;
}

void platform_discard(void *pages, size_t bytes)
{
    madvise(pages, bytes, MADV_DONTNEED);
}

bool platform_is_static(const void *address)
{
    Dl_info info;
    return dladdr(address, &info) != 0;
}

bool platform_is_privileged(void)
{
    return getauxval(AT_SECURE) != 0;
}

int platform_descriptors_left(int enough)
{
    struct rlimit limit;
    int left = 0;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return enough;
    for (rlim_t descriptor = 0; descriptor < limit.rlim_cur && left < enough; descriptor++)
        left += fcntl((int)descriptor, F_GETFD) == -1;
    return left;
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

struct definitions {
    const char *name, *except;
    bool (*visit)(const char *path, void *symbol);
};

static int visit_definition(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    const struct definitions *wanted = data;
    Dl_info place;
    void *library = *info->dlpi_name ? dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD) : NULL;
    void *symbol = library ? dlsym(library, wanted->name) : NULL; /* maybe that of one which this library needs */
    bool done = symbol && dladdr(symbol, &place) && (uintptr_t)place.dli_fbase == info->dlpi_addr &&
                strcmp(info->dlpi_name, wanted->except) != 0 && wanted->visit(info->dlpi_name, symbol);
    if (library)
        dlclose(library);
    return done;
}

void platform_each_definition(const char *name, const void *except, bool (*visit)(const char *path, void *symbol))
{
    Dl_info place;
    struct definitions wanted = {name, dladdr(except, &place) ? place.dli_fname : "", visit};
    dl_iterate_phdr(visit_definition, &wanted);
}
