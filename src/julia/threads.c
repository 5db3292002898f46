/* SPDX-License-Identifier: MIT
 *
 * Julia's threads are listed, so that they can be stopped when the process ends under them (api/ending.c). A thread is
 * stopped by the sampling signal, whose handler does not return then, but not inside the C library or the dynamic
 * linker: there it could hold the lock of malloc or of stdio. It is asked again until it is seen elsewhere.
 *
 * An entry is never freed while a stop may read it: a thread that ends marks its own as unused. */
#include "julia/threads.h"

#include "base/spinlock.h"
#include "julia/symbols.h"
#include "platform/platform.h"
#include "platform/thread_state.h"

#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

struct entry {
    struct entry *next;
    _Atomic pid_t id;
    atomic_bool used, stopped, spared;
    void *(*run)(void *);
    void *argument;
};

static struct spinlock lock = {ATOMIC_FLAG_INIT};
static struct entry *entries;
static atomic_bool stopping;
static _Thread_local struct entry *own;
static _Thread_local bool has_left;
static void (*julia_sampled)(int number, siginfo_t *info, void *context);

bool threads_is_julia(void)
{
    return own ||
           (!has_left && julia.get_current_task()); /* the latter: one of the host's that has called into Julia */
}

static struct entry *claim_entry(void)
{
    spin_lock(&lock);
    struct entry *entry = entries;
    while (entry && atomic_load(&entry->used))
        entry = entry->next;
    if (entry)
        atomic_store(&entry->used, true);
    spin_unlock(&lock);
    return entry;
}

static struct entry *new_entry(void)
{
    struct entry *entry = claim_entry();
    if (entry)
        return entry;
    entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    atomic_init(&entry->used, true);
    spin_lock(&lock);
    entry->next = entries;
    entries = entry;
    spin_unlock(&lock);
    return entry;
}

static void begin(struct entry *entry)
{
    entry->id = (pid_t)syscall(SYS_gettid);
    own = entry;
    has_left = false;
    thread_state_julia();
}

static void end(struct entry *entry)
{
    own = NULL;
    entry->id = 0;
    atomic_store(&entry->used, false);
}

void threads_enter(void)
{
    static struct entry first;
    if (!atomic_exchange(&first.used, true)) {
        spin_lock(&lock);
        first.next = entries;
        entries = &first;
        spin_unlock(&lock);
    }
    begin(&first);
}

void threads_leave(void)
{
    own->id = 0;
    own = NULL;
    has_left = true;
}

static void *run_thread(void *data)
{
    struct entry *entry = data;
    begin(entry);
    void *result = entry->run(entry->argument);
    end(entry);
    return result;
}

/* As asked for, but with a smaller stack: the limit of stacks, from which Julia takes the size, may be larger than the
 * memory. */
static int create_smaller(pthread_t *thread, const pthread_attr_t *attributes, struct entry *entry)
{
    enum { stack_bytes = 8 << 20 };
    pthread_attr_t smaller;
    int detach = PTHREAD_CREATE_JOINABLE;
    if (attributes)
        pthread_attr_getdetachstate(attributes, &detach);
    pthread_attr_init(&smaller);
    pthread_attr_setdetachstate(&smaller, detach);
    pthread_attr_setstacksize(&smaller, stack_bytes);
    int error = pthread_create(thread, &smaller, run_thread, entry);
    pthread_attr_destroy(&smaller);
    return error;
}

int threads_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    struct entry *entry = new_entry();
    if (!entry)
        return EAGAIN;
    entry->run = run;
    entry->argument = argument;
    int error = pthread_create(thread, attributes, run_thread, entry);
    if (error)
        error = create_smaller(thread, attributes, entry);
    if (error)
        atomic_store(&entry->used, false);
    return error;
}

int threads_kill(pthread_t thread, int number)
{
    return pthread_kill(thread, number == SIGUSR2 ? (int)sampling_signal : number);
}

/* ---- stopping ---- */

/* Where code may hold locks of the C library. */
static struct {
    uintptr_t from, to;
} locked_code[4];
static size_t locked_count;

static int note_code(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    const char *slash = strrchr(info->dlpi_name, '/'), *file = slash ? slash + 1 : info->dlpi_name;
    if (strncmp(file, "libc.so", 7) != 0 && strncmp(file, "ld-linux", 8) != 0)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || !(header->p_flags & PF_X) ||
            locked_count == sizeof locked_code / sizeof *locked_code)
            continue;
        locked_code[locked_count].from = info->dlpi_addr + header->p_vaddr;
        locked_code[locked_count++].to = info->dlpi_addr + header->p_vaddr + header->p_memsz;
    }
    return 0;
}

static bool may_hold_locks(const ucontext_t *context)
{
#if defined(__x86_64__)
    uintptr_t at = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    uintptr_t at = (uintptr_t)context->uc_mcontext.pc;
#else
    uintptr_t at = 0;
#endif
    for (size_t i = 0; i < locked_count; i++)
        if (at >= locked_code[i].from && at < locked_code[i].to)
            return true;
    return false;
}

static void sampled(int number, siginfo_t *info, void *context)
{
    (void)number;
    if (!atomic_load(&stopping)) {
        julia_sampled(SIGUSR2, info, context);
        return;
    }
    if (!own || atomic_load(&own->spared) || may_hold_locks(context))
        return;
    atomic_store(&own->stopped, true);
    for (;;)
        pause();
}

int threads_sigaction(const struct sigaction *action, struct sigaction *old)
{
    if (old)
        *old = (struct sigaction){.sa_handler = SIG_DFL};
    if (!action)
        return 0;
    struct sigaction ours = *action;
    julia_sampled = action->sa_sigaction;
    ours.sa_sigaction = sampled;
    return sigaction(sampling_signal, &ours, NULL);
}

/* The number of threads that have not stopped yet; each is asked to. */
static unsigned ask_to_stop(void)
{
    unsigned left = 0;
    for (struct entry *entry = entries; entry; entry = entry->next) {
        pid_t id = entry->id;
        if (atomic_load(&entry->spared) || !id || !atomic_load(&entry->used) || atomic_load(&entry->stopped))
            continue;
        if (syscall(SYS_tgkill, getpid(), id, sampling_signal) == 0)
            left++;
    }
    return left;
}

bool threads_stop(void)
{
    static const int64_t moment_ns = 200000000, pause_ns = 1000000;
    atomic_uint never = 0;
    if (own) /* the one that ends the process; the watchdog, which asks again, is another */
        atomic_store(&own->spared, true);
    if (!atomic_exchange(&stopping, true))
        dl_iterate_phdr(note_code, NULL);
    int64_t until = platform_now() + moment_ns;
    while (ask_to_stop() && platform_now() < until)
        platform_wait(&never, 0, pause_ns);
    return ask_to_stop() == 0;
}
