/* SPDX-License-Identifier: MIT
 *
 * A body that waits without a limit in time, for the reply to a message that a body has sent or for room in a mailbox,
 * waits for another body to end: the one that runs the message, or that keeps its task from it. If the bodies that
 * wait make a ring, none of them ever ends. So each such wait is listed before it begins, in one table under one lock,
 * and the one that would close a ring is refused.
 *
 * What waits for what. A task runs one body at a time, and what is in its mailbox waits for that to end, whoever sent
 * it and whatever is before it. A start, and a one-shot task, have a body of their own, which nobody waits for but the
 * receiver of their reply. So a body is known by what it runs: its task, or the message that is a start or a one-shot
 * task; and an edge leads from a wait
 *   - to the task, where it waits for a reply of a task's, or for room in its mailbox: places there become free only
 *     when the running body ends and the next message is taken;
 *   - to the message, where it waits for the reply of a start or a one-shot task.
 * Room in the runtime's channel waits for no body: what is in it is begun by any worker.
 *
 * From the edge's end the way goes on if a body that runs just that is listed. If none is, that task is idle, or has
 * messages that no body holds up, or has a body that computes, or waits inside Julia, with a limit in time, for a
 * helper, or for a message from outside: something that may end. A body waits for one thing at a time, so there is one
 * way to go, and a ring is found by following it from the wait that is to begin back to the body that would wait.
 *
 * No ring is missed. The edge of a wait does not change while it lasts, and that another body of the same task runs at
 * its end changes nothing by itself: that one has to begin a wait for a ring to be closed. So rings are closed only by
 * waits that begin, and each looks and is listed in one step under the lock: of those that close a ring together, the
 * last sees the others. An invoke is listed before its message is sent, so that one that is refused has sent nothing,
 * and stays listed while it waits for room and then for the reply, both of the same task.
 *
 * No wait that would end is refused. A listed wait may be over: the reply is there, the place was given, and its fiber
 * has not gone on yet. So the event of each wait on the way is looked at, and one that is over ends the way. Those of
 * a ring are not looked at in one step; but what the first waits for cannot have happened when the second is looked at
 * and found waiting, since the second's body, on which it depends, had not gone on; and so round. So at the time of the
 * first look none was over. (A canceller, or a close with cancel, may end such waits a moment later.) An invoke that is
 * listed and not sent yet is found as well, rightly: its message will be behind the body that asks.
 *
 * Fibers. A body that has not begun waits for a fiber of the worker that it can only run on, or of any. So a wait is
 * stuck, too, if what it awaits is not listed, and all fibers of the workers that it could run on are in bodies whose
 * waits are stuck: then it has not begun, or it would be one of those. Which waits are stuck is found by taking all for
 * it and striking out, until nothing changes, those that are over, or wait for one that is not stuck, or for one that
 * may get a fiber or have one. A wait that would be stuck is refused. It is looked for only where all fibers of some
 * worker are in bodies that wait.
 *
 * The table has addresses and compares them only, and a wait's event is good as long as the wait is listed. While it
 * has not happened, its message is there, and so the task that this is for: the address at the end of an edge means
 * the same thing as in the table. No ring is ever in the table, so that each way ends. */
#include "core/ring.h"

#include "base/error.h"
#include "base/list.h"
#include "core/message.h"
#include "core/runtime.h"
#include "core/task.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { bucket_bits = 10, bucket_count = 1 << bucket_bits };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* held for walks, never across a wait or a call into Julia */
static struct ring_wait *buckets[bucket_count];          /* by what the waiting body runs */
static unsigned full_workers;                            /* all of whose bodies, as many as there may be, wait */

static struct ring_wait **bucket_of(const void *runs)
{
    return &buckets[(uintptr_t)runs * UINT64_C(11400714819323198485) >> (64 - bucket_bits)]; /* Fibonacci hashing */
}

static const struct ring_wait *wait_of(const void *runs)
{
    const struct ring_wait *wait = *bucket_of(runs);
    while (wait && wait->runs != runs)
        wait = wait->next;
    return wait;
}

/* The lock is held, also below. */
static bool closes_ring(const struct ring_wait *closer)
{
    const struct ring_wait *wait = closer;
    while (wait && !wait->is_over(wait->event)) {
        if (wait->awaits == closer->runs)
            return true;
        wait = wait_of(wait->awaits);
    }
    return false;
}

/* Counts a wait of a body of the worker's, or one less. */
static void count_wait(struct worker *worker, int change)
{
    full_workers -= worker->waits == worker->bodies_at_most;
    worker->waits += (unsigned)change;
    full_workers += worker->waits == worker->bodies_at_most;
}

/* Takes all waits for stuck, but those that are over. */
static void suppose(void)
{
    for (unsigned i = 0; i < bucket_count; i++)
        for (struct ring_wait *wait = buckets[i]; wait; wait = wait->next)
            wait->stuck = !wait->is_over(wait->event);
}

/* How many bodies of the worker's have waits that may be stuck. */
static unsigned stuck_of(const struct worker *worker)
{
    unsigned count = 0;
    for (unsigned i = 0; i < bucket_count; i++)
        for (const struct ring_wait *wait = buckets[i]; wait; wait = wait->next)
            count += wait->stuck && wait->worker == worker;
    return count;
}

/* Whether no worker that something could run on, which is not listed, may have a fiber for it. */
static bool has_no_fiber(const struct runtime *runtime, const struct ring_wait *wait)
{
    unsigned first = wait->thread ? (unsigned)wait->thread - 1 : 0;
    unsigned end = wait->thread ? first + 1 : runtime->worker_count;
    for (unsigned i = first; i < end; i++)
        if (stuck_of(&runtime->workers[i]) < runtime->workers[i].bodies_at_most)
            return false;
    return true;
}

/* Whether the wait is struck out now. */
static bool strike_out(const struct runtime *runtime, struct ring_wait *wait)
{
    const struct ring_wait *awaited = wait->stuck ? wait_of(wait->awaits) : NULL;
    if (!wait->stuck || (awaited ? awaited->stuck : has_no_fiber(runtime, wait)))
        return false;
    wait->stuck = false;
    return true;
}

static bool strike_out_any(const struct runtime *runtime)
{
    bool any = false;
    for (unsigned i = 0; i < bucket_count; i++)
        for (struct ring_wait *wait = buckets[i]; wait; wait = wait->next)
            any |= strike_out(runtime, wait);
    return any;
}

/* The closer is listed. */
static bool lacks_fibers(struct ring_wait *closer)
{
    if (!full_workers)
        return false;
    suppose();
    while (strike_out_any(closer->worker->runtime))
        continue;
    return closer->stuck;
}

static const char arrow[] = " -> ";

static size_t length_of_ring(const struct ring_wait *closer)
{
    size_t length = strlen(closer->name) + 1;
    const struct ring_wait *wait = closer;
    do {
        length += strlen(wait->name) + strlen(arrow);
        wait = wait->awaits == closer->runs ? closer : wait_of(wait->awaits);
    } while (wait != closer);
    return length;
}

/* The names of the ring's tasks, from the one that would close it and back to it. NULL: no memory. */
static char *names_of_ring(const struct ring_wait *closer)
{
    char *names = malloc(length_of_ring(closer)), *end = names;
    const struct ring_wait *wait = closer;
    if (!names)
        return NULL;
    do {
        end = stpcpy(stpcpy(end, wait->name), arrow);
        wait = wait->awaits == closer->runs ? closer : wait_of(wait->awaits);
    } while (wait != closer);
    stpcpy(end, closer->name);
    return names;
}

static jlt_status refuse_for_fibers(const struct ring_wait *wait)
{
    return error_fail(JLT_WOULD_DEADLOCK,
                      "the wait of \"%s\" would never end: every fiber that options.fibers_at_most allows would be in "
                      "a body that waits for one that needs a fiber",
                      wait->name);
}

static jlt_status refuse(char *names)
{
    if (!names)
        return error_report(error_constant(JLT_WOULD_DEADLOCK));
    jlt_status status = error_fail(JLT_WOULD_DEADLOCK,
                                   "the wait would never end: it closes a ring of bodies that wait "
                                   "for each other, %s",
                                   names);
    free(names);
    return status;
}

static const char *name_of(const struct item *runs)
{
    return runs->kind == ITEM_TASK ? ((const struct task *)runs)->type->name
                                   : ((const struct message *)runs)->type->name;
}

static void list(struct ring_wait *wait)
{
    LIST_ADD(*bucket_of(wait->runs), wait);
    count_wait(wait->worker, 1);
}

static void unlist(struct ring_wait *wait)
{
    LIST_REMOVE(*bucket_of(wait->runs), wait);
    count_wait(wait->worker, -1);
}

jlt_status ring_add_wait(struct ring_wait *wait)
{
    wait->runs = current_fiber->runs;
    wait->name = name_of(current_fiber->runs);
    wait->worker = current_fiber->worker;
    pthread_mutex_lock(&lock);
    bool ring = closes_ring(wait), last = false;
    char *names = ring ? names_of_ring(wait) : NULL;
    if (!ring) {
        list(wait);
        last = lacks_fibers(wait);
        if (last)
            unlist(wait);
    }
    pthread_mutex_unlock(&lock);
    if (!ring && !last)
        return JLT_OK;
    wait->runs = NULL;
    return ring ? refuse(names) : refuse_for_fibers(wait);
}

void ring_set_event(struct ring_wait *wait, bool (*is_over)(void *event), void *event)
{
    if (!wait->runs)
        return;
    pthread_mutex_lock(&lock);
    wait->is_over = is_over;
    wait->event = event;
    pthread_mutex_unlock(&lock);
}

void ring_remove_wait(struct ring_wait *wait)
{
    pthread_mutex_lock(&lock);
    unlist(wait);
    pthread_mutex_unlock(&lock);
}
