/* SPDX-License-Identifier: MIT
 *
 * libuv has one handler of SIGCHLD, which tells its event loop to ask after each child. Here that handler is kept from
 * the kernel, so the host's disposition stays. Each child has an event that Julia's loop polls: a descriptor of the
 * process, or where the system has none (Linux before 5.3), an eventfd that a thread sets, which waits for the child.
 * When the child ends, libuv's handler is called from the loop.
 *
 * The host sees the SIGCHLD of Julia's children as well, and may take their status by waiting for any child. Then
 * libuv would wait for ever, so its question is answered with what the system still knows of the status, or 255.
 *
 * Where the host ignores SIGCHLD, or says SA_NOCLDWAIT, no child has a status. So while Julia has children it does not
 * say so, and what children of the host's end meanwhile are waited for afterwards.
 *
 * Everything here runs under libuv's lock (jl_iolock), but for what a thread does that waits. */
#include "julia/children.h"

#include "base/list.h"
#include "julia/bootstrap.h"
#include "julia/engine.h"
#include "julia/symbols.h"
#include "platform/platform.h"
#include "platform/thread_state.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Listed until libuv has its status. */
struct child {
    _Alignas(16) unsigned char handle[uv_handle_bytes]; /* a uv_poll_t; first: callbacks get it */
    struct child *previous, *next;
    pid_t id;
    int event; /* readable when the child has ended */
    int turns; /* of the loop since then */
};

static struct child *children;
static void (*tell_libuv)(int number);
static struct sigaction ignoring, instead; /* the host's disposition while it is replaced, and what replaces it */
static bool is_replaced;

/* ---- a host that ignores SIGCHLD ---- */

static void stop_ignoring(void)
{
    if (is_replaced || sigaction(SIGCHLD, NULL, &ignoring) != 0)
        return;
    instead = ignoring;
    if (!(ignoring.sa_flags & SA_SIGINFO) && ignoring.sa_handler == SIG_IGN)
        instead.sa_handler = SIG_DFL;
    else if (!(ignoring.sa_flags & SA_NOCLDWAIT))
        return;
    instead.sa_flags &= ~SA_NOCLDWAIT;
    is_replaced = sigaction(SIGCHLD, &instead, NULL) == 0;
}

static void ignore_again(void)
{
    struct sigaction now;
    if (!is_replaced || children)
        return;
    is_replaced = false;
    sigaction(SIGCHLD, NULL, &now);
    if (now.sa_handler != instead.sa_handler || (now.sa_flags & SA_NOCLDWAIT) != 0)
        return; /* the host has another one now */
    sigaction(SIGCHLD, &ignoring, NULL);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
}

/* ---- loading ---- */

static struct sigaction before_load;

void children_begin_load(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &action, &before_load);
}

void children_end_load(void)
{
    sigaction(SIGCHLD, &before_load, NULL);
    bool ignored = before_load.sa_handler == SIG_IGN || (before_load.sa_flags & SA_NOCLDWAIT);
    while (ignored && waitpid(-1, NULL, WNOHANG) > 0) {
    }
    if (before_load.sa_handler != SIG_DFL && before_load.sa_handler != SIG_IGN)
        kill(getpid(), SIGCHLD);
}

/* ---- the end of a child ---- */

static void free_child(void *handle)
{
    struct child *child = handle;
    close(child->event);
    free(child);
}

static void forget(struct child *child)
{
    LIST_REMOVE(children, child);
    bootstrap.uv.close(child->handle, free_child);
}

/* The status of a child that somebody else has waited for: Linux 6.15 and later keep it with the descriptor. */
static int status_of(const struct child *child)
{
    enum { exit_status = 1 << 3, unknown = 255 << 8 };
    struct {
        uint64_t mask, group;
        uint32_t ids[11];
        int32_t status;
    } info = {.mask = exit_status};
    bool known = ioctl(child->event, _IOWR(0xFF, 11, info), &info) == 0 && (info.mask & exit_status);
    return known ? info.status : unknown;
}

/* What libuv gets for what the system has answered. */
static pid_t settle(pid_t id, pid_t answer, int *status)
{
    struct child *child = children;
    while (child && child->id != id)
        child = child->next;
    if (!child || answer == 0 || (answer < 0 && errno != ECHILD))
        return answer;
    if (answer < 0 && status)
        *status = status_of(child);
    forget(child);
    ignore_again();
    return id;
}

/* Called on each turn of the loop until libuv has asked, which it does on the next turn; but never for a program that
 * could not be run (1.5), nor for one whose Process is gone. */
static void ended(void *handle, int status, int events)
{
    enum { turns = 4 };
    struct child *child = handle;
    (void)status, (void)events;
    if (child->turns++ == 0 && tell_libuv)
        tell_libuv(SIGCHLD);
    if (child->turns < turns)
        return;
    waitpid(child->id, NULL, WNOHANG);
    forget(child);
    ignore_again();
}

pid_t children_wait(pid_t id, int *status, int options)
{
    return settle(id, waitpid(id, status, options), status);
}

pid_t children_wait4(pid_t id, int *status, int options, struct rusage *usage)
{
    return settle(id, wait4(id, status, options, usage), status);
}

void children_forget(void)
{
    julia.iolock_begin();
    while (children)
        forget(children);
    ignore_again();
    julia.iolock_end();
}

/* ---- the start of a child ---- */

/* The thread that waits where the system has no descriptors of processes. */
struct child_watch {
    pid_t id;
    int event;
};

static void *wait_for_child(void *data)
{
    struct child_watch *watch = data;
    siginfo_t info;
    thread_state_julia();
    while (waitid(P_PID, (id_t)watch->id, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    platform_event_set(watch->event);
    close(watch->event);
    free(watch);
    return NULL;
}

static int open_event(pid_t id)
{
#ifdef SYS_pidfd_open
    int descriptor = (int)syscall(SYS_pidfd_open, id, 0);
    if (descriptor >= 0)
        return descriptor;
#endif
    int event = platform_event_open();
    struct child_watch *watch = event >= 0 ? malloc(sizeof *watch) : NULL;
    pthread_t thread;
    if (watch) {
        *watch = (struct child_watch){id, dup(event)};
        if (platform_thread_start(&thread, 1 << 16, wait_for_child, watch) == 0) {
            pthread_detach(thread);
            return event;
        }
        close(watch->event);
        free(watch);
    }
    return event;
}

static void watch_child(pid_t id)
{
    enum { readable = 1 }; /* UV_READABLE */
    struct child *child = calloc(1, sizeof *child);
    if (!child)
        return;
    child->id = id;
    child->event = open_event(id);
    if (child->event < 0 || bootstrap.uv.poll_init(julia.global_event_loop(), child->handle, child->event) != 0) {
        free(child);
        return;
    }
    bootstrap.uv.unref(child->handle);
    bootstrap.uv.poll_start(child->handle, readable, ended);
    LIST_ADD(children, child);
}

static void before_fork(void)
{
    if (bootstrap.uv.poll_init)
        stop_ignoring();
}

static pid_t after_fork(pid_t id)
{
    if (id > 0 && bootstrap.uv.poll_init)
        watch_child(id);
    return id;
}

pid_t children_fork(void)
{
    before_fork();
    return after_fork(fork());
}

#ifdef __x86_64__

/* The child of a vfork has the parent's memory, through which libuv 1.5 learns why a program could not be run; and the
 * parent's stack, which it goes on writing to, so nothing of this function's may be there. */
__attribute__((used)) void children_before_vfork(void);
__attribute__((used)) pid_t children_after_vfork(pid_t result);

void children_before_vfork(void)
{
    before_fork();
}

pid_t children_after_vfork(pid_t result)
{
    if (result > 0)
        return after_fork(result);
    errno = -result;
    return -1;
}

__asm__(".text\n"
        ".globl children_vfork\n"
        ".hidden children_vfork\n"
        ".type children_vfork, @function\n"
        "children_vfork:\n"
        "    subq $8, %rsp\n"
        "    call children_before_vfork\n"
        "    addq $8, %rsp\n"
        "    popq %rdi\n"      /* the address to return to, in a register that both keep */
        "    movl $58, %eax\n" /* vfork */
        "    syscall\n"
        "    pushq %rdi\n"
        "    testl %eax, %eax\n"
        "    jz 1f\n"
        "    movl %eax, %edi\n"
        "    jmp children_after_vfork\n"
        "1:  ret\n"
        ".size children_vfork, . - children_vfork\n");

#else

pid_t children_vfork(void)
{
    return children_fork();
}

#endif

int children_sigaction(const struct sigaction *action, struct sigaction *old)
{
    if (old)
        *old = (struct sigaction){.sa_handler = SIG_DFL};
    if (action)
        tell_libuv = action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN ? NULL : action->sa_handler;
    return 0;
}
