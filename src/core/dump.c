/* SPDX-License-Identifier: MIT
 *
 * A dump may be made by a signal handler, on a thread that was stopped anywhere, in a process that hangs. So it calls
 * nothing but write(2), has its memory beforehand, and takes a lock only if that is free: who holds it may be the
 * thread that was interrupted. What it could not look at, it says.
 *
 * What it reads without a lock is read while others write it: a state may be a moment old, and what is said of a body
 * may be of the next. No pointer is followed but under the lock that keeps what it points to. */
#include "core/dump.h"

#include "core/closing.h"
#include "core/failure.h"
#include "core/message.h"
#include "core/runtime.h"
#include "core/task.h"
#include "core/type.h"

#include <errno.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define READS_RACILY __attribute__((no_sanitize_thread))
#else
#define READS_RACILY
#endif

/* A body, as its fiber was found. */
struct seen {
    const struct type *type;
    const void *runs;
    const char *awaits;
    int64_t since_ns;
    unsigned worker;
    unsigned char standing;
    bool told;
};

enum { bodies_at_most = 512, tries = 1000 };

/* One dump's at a time. */
static atomic_flag busy = ATOMIC_FLAG_INIT;
static struct dump {
    int descriptor;
    bool failed;
    char text[4096];
    size_t length;
    struct seen bodies[bodies_at_most];
    unsigned count;
    int64_t now_ns;
} dump;

/* ---- text ---- */

static void flush(void)
{
    for (size_t done = 0; done < dump.length && !dump.failed;) {
        ssize_t count = write(dump.descriptor, dump.text + done, dump.length - done);
        if (count > 0)
            done += (size_t)count;
        else if (count < 0 && errno != EINTR)
            dump.failed = true;
    }
    dump.length = 0;
}

static void put_byte(char byte)
{
    if (dump.length == sizeof dump.text)
        flush();
    dump.text[dump.length++] = byte;
}

static void put(const char *text)
{
    while (*text)
        put_byte(*text++);
}

static void put_number(uint64_t number, unsigned base, unsigned digits)
{
    char text[24];
    unsigned at = sizeof text;
    do {
        text[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number || at > sizeof text - digits);
    while (at < sizeof text)
        put_byte(text[at++]);
}

static void put_count(uint64_t number)
{
    put_number(number, 10, 1);
}

/* A name in quotes, on the line whatever it is. */
static void put_name(const char *name)
{
    put_byte('"');
    for (; *name; name++)
        put_byte((char)((unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name));
    put_byte('"');
}

static void put_task(const void *task)
{
    put("task 0x");
    put_number((uintptr_t)task, 16, 1);
}

static void put_time(int64_t since_ns)
{
    int64_t ms = (dump.now_ns - since_ns) / 1000000;
    ms = ms > 0 ? ms : 0;
    put_count((uint64_t)ms / 1000);
    put_byte('.');
    put_number((uint64_t)ms % 1000, 10, 3);
    put(" s");
}

/* ---- bodies ---- */

static bool try_lock(struct spinlock *lock)
{
    for (int i = 0; i < tries; i++) {
        if (spin_try_lock(lock))
            return true;
        cpu_relax();
    }
    return false;
}

/* False: some could not be seen. */
READS_RACILY static bool see_bodies(struct worker *worker)
{
    if (!try_lock(&worker->lock))
        return false;
    bool all = true;
    for (struct fiber *fiber = worker->fibers_here; fiber; fiber = fiber->after) {
        const struct type *type = atomic_load_explicit(&fiber->type, memory_order_relaxed); /* as said above, all */
        if (!type)
            continue;
        if (dump.count == bodies_at_most) {
            all = false;
            break;
        }
        dump.bodies[dump.count++] = (struct seen){
            .type = type,
            .runs = fiber->runs,
            .awaits = atomic_load_explicit(&fiber->awaits, memory_order_relaxed),
            .since_ns = atomic_load_explicit(&fiber->since_ns, memory_order_relaxed),
            .worker = worker->number,
            .standing = atomic_load_explicit(&fiber->standing, memory_order_relaxed),
        };
    }
    spin_unlock(&worker->lock);
    return all;
}

static struct seen *body_of(const void *runs)
{
    for (unsigned i = 0; i < dump.count; i++)
        if (dump.bodies[i].runs == runs)
            return &dump.bodies[i];
    return NULL;
}

/* "runs for 1.234 s", "waits for 1.234 s for a reply of "x"". */
static void put_body(struct seen *body)
{
    bool runs = body->standing == FIBER_RUNS;
    body->told = true;
    put(runs ? "runs, or waits in Julia, for " : "waits for ");
    put_time(body->since_ns);
    if (body->standing == FIBER_WAITS_IN_JULIA)
        put(" in Julia");
    else if (body->standing == FIBER_WAITS_FOR_REPLY)
        put(" for a reply of ");
    else if (body->standing == FIBER_WAITS_FOR_ROOM)
        put(body->awaits ? " for room in the mailbox of " : " for room in the channel");
    else if (!runs)
        put(" for jltask");
    if (!runs && body->awaits)
        put_name(body->awaits);
    put(", on thread ");
    put_count(body->worker + 1);
}

static void put_bodies_untold(bool persistent, const char *what)
{
    for (unsigned i = 0; i < dump.count; i++) {
        struct seen *body = &dump.bodies[i];
        if (body->told || body->type->persistent != persistent)
            continue;
        put(what);
        put_name(body->type->name);
        put(": ");
        put_body(body);
        put_byte('\n');
    }
}

/* ---- tasks ---- */

READS_RACILY static const char *state_of(const struct task *task)
{
    if (task->failure && task->failure->down)
        return "down, to be restarted";
    return atomic_load(&task->mailbox.head) == INBOX_IDLE ? "idle" : "ready, or between two messages";
}

static void put_live_task(struct task *task)
{
    struct seen *body = body_of(&task->item);
    put("  ");
    put_task(task);
    put_byte(' ');
    put_name(task->type->name);
    put(": ");
    if (body)
        put_body(body);
    else
        put(state_of(task));
    put("; ");
    put_count(task_queued(task));
    put(" queued, ");
    put_count(count_read(&task->tally.messages));
    put(" done\n");
}

READS_RACILY static void put_worker(struct worker *worker)
{
    unsigned flags = atomic_load(&worker->flags);
    put("thread ");
    put_count(worker->number + 1);
    put(flags & WORKER_ENDED       ? ": has ended; "
        : flags & WORKER_ATTENTIVE ? ": looks for work; "
        : worker->bodies           ? ": in a body, or one is suspended; "
                                   : ": idle; ");
    put_count(atomic_load(&worker->fibers));
    put(" fibers, ");
    put_count(atomic_load(&worker->parked_count));
    put(" of them spare; tasks that were started here: ");
    put_count(atomic_load(&worker->task_count));
    put(inbox_is_empty(&worker->inbox) ? "\n" : "; its inbox is not empty\n");
    if (!try_lock(&worker->tasks_lock)) {
        put("  their list is in use, and cannot be looked at\n");
        return;
    }
    for (struct task *task = worker->tasks; task; task = task->next)
        put_live_task(task);
    spin_unlock(&worker->tasks_lock);
}

/* ---- all ---- */

static uint64_t live_tasks(const struct runtime *runtime)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < runtime->worker_count; i++)
        count += atomic_load(&runtime->workers[i].task_count);
    return count;
}

static void put_runtime(struct runtime *runtime, const char *julia)
{
    put("jltask: Julia ");
    put(julia);
    put(", process ");
    put_count((uint64_t)getpid());
    put(!runtime_is_closed(runtime)              ? ": open; "
        : atomic_load(&runtime->workers_running) ? ": closing; "
                                                 : ": closed, and all tasks have ended; ");
    put_count(runtime->worker_count);
    put(" threads, ");
    put_count(live_tasks(runtime));
    put(" live tasks, ");
    put_count((uint64_t)(atomic_load(&runtime->handles) > 0 ? atomic_load(&runtime->handles) : 0));
    put(" handles on the runtime, ");
    put_count(stats_queued(runtime));
    put(" queued");
    put(ready_is_empty(&runtime->ready) ? "\n" : "; some tasks wait for a thread\n");
}

static void write_all(struct runtime *runtime, const char *julia)
{
    dump.count = 0;
    dump.now_ns = platform_now();
    put_runtime(runtime, julia);
    for (unsigned i = 0; i < runtime->worker_count; i++)
        if (!see_bodies(&runtime->workers[i])) {
            put("thread ");
            put_count(i + 1);
            put(": not all of its bodies can be looked at\n");
        }
    for (unsigned i = 0; i < runtime->worker_count; i++)
        put_worker(&runtime->workers[i]);
    put_bodies_untold(false, "one-shot task ");
    put_bodies_untold(true, "start, or end, of a ");
}

jlt_status dump_write(struct runtime *runtime, const char *julia, int descriptor)
{
    int before = errno;
    if (atomic_flag_test_and_set(&busy))
        return JLT_PENDING;
    dump.descriptor = descriptor;
    dump.failed = false;
    dump.length = 0;
    if (runtime)
        write_all(runtime, julia);
    else
        put("jltask: Julia has not been started\n");
    flush();
    bool failed = dump.failed;
    atomic_flag_clear(&busy);
    errno = before;
    return failed ? JLT_INVALID_ARGUMENT : JLT_OK;
}
