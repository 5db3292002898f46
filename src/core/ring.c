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
 * first look none was over. (A close with cancel may end such waits a moment later.) An invoke that is listed and not
 * sent yet is found as well, rightly: its message will be behind the body that asks.
 *
 * Fibers. A body that has not begun waits for a fiber. Where every fiber that there may be is in a body, and each of
 * those waits here, nothing ends any more: the bodies that they wait for are among them, or have not begun. So the wait
 * that would make it so is refused as well.
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
static unsigned long waits;                              /* in them */

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

/* Whether the wait would be that of the last fiber. */
static bool takes_last_fiber(const struct worker *worker)
{
    unsigned long most = (unsigned long)worker->bodies_at_most * worker->runtime->worker_count;
    if (waits + 1 < most)
        return false;
    for (unsigned i = 0; i < bucket_count; i++)
        for (const struct ring_wait *wait = buckets[i]; wait; wait = wait->next)
            if (wait->is_over(wait->event))
                return false;
    return true;
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

static jlt_status refuse_last_fiber(const struct ring_wait *wait)
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

jlt_status ring_add_wait(struct ring_wait *wait)
{
    wait->runs = current_fiber->runs;
    wait->name = name_of(current_fiber->runs);
    pthread_mutex_lock(&lock);
    bool ring = closes_ring(wait), last = !ring && takes_last_fiber(current_fiber->worker);
    char *names = ring ? names_of_ring(wait) : NULL;
    if (!ring && !last) {
        LIST_ADD(*bucket_of(wait->runs), wait);
        waits++;
    }
    pthread_mutex_unlock(&lock);
    if (!ring && !last)
        return JLT_OK;
    wait->runs = NULL;
    return ring ? refuse(names) : refuse_last_fiber(wait);
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
    LIST_REMOVE(*bucket_of(wait->runs), wait);
    waits--;
    pthread_mutex_unlock(&lock);
}
