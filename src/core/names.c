/* SPDX-License-Identifier: MIT
 *
 * A name holds no handle: what keeps a task's memory while it is in the table is that its owner takes its names out
 * before it lets go. So under the lock each task in the table is there, but its last handle may be gone, and then it is
 * not found: a lookup adds a handle only to handles.
 *
 * A task has the list of its names, so that its end looks at no others, and takes no lock if it has none: the list ends
 * as ENDED, in one step from NULL, or else under the lock. */
#include "core/names.h"

#include "base/hash.h"
#include "core/failure.h"
#include "core/runtime.h"
#include "core/task.h"

#include <stdlib.h>
#include <string.h>

struct name {
    struct name *next;    /* in its chain */
    struct name *of_task; /* the next of the same task's */
    struct task *task;
    uint64_t hash;
    char text[];
};

#define ENDED ((struct name *)(uintptr_t)1)

enum { room_at_first = 64 };

void names_init(struct names *names)
{
    *names = (struct names){0};
    pthread_mutex_init(&names->lock, NULL);
}

void names_finish(struct names *names)
{
    pthread_mutex_destroy(&names->lock);
    free(names->chains);
}

static uint64_t hash_of(const char *name)
{
    return hash_bytes(HASH_START, name, strlen(name));
}

/* ---- the table; the caller holds the lock ---- */

/* What points to the name, or would. There are chains. */
static struct name **find(const struct names *names, const char *text, uint64_t hash)
{
    struct name **at = &names->chains[hash % names->room];
    while (*at && ((*at)->hash != hash || strcmp((*at)->text, text) != 0))
        at = &(*at)->next;
    return at;
}

static struct name *get(const struct names *names, const char *text)
{
    return names->count ? *find(names, text, hash_of(text)) : NULL;
}

/* False: there are no chains, and no memory for them. Longer ones do no harm. */
static bool make_room(struct names *names)
{
    if (names->count < names->room)
        return true;
    size_t room = names->room ? 2 * names->room : room_at_first;
    struct name **chains = calloc(room, sizeof(struct name *));
    if (!chains)
        return names->room;
    for (size_t i = 0; i < names->room; i++)
        for (struct name *name = names->chains[i], *next; name; name = next) {
            next = name->next;
            name->next = chains[name->hash % room];
            chains[name->hash % room] = name;
        }
    free(names->chains);
    names->chains = chains;
    names->room = room;
    return true;
}

static jlt_status add(struct names *names, struct name *name)
{
    struct task *task = name->task;
    if (get(names, name->text))
        return JLT_INVALID_ARGUMENT;
    if (!make_room(names))
        return JLT_NO_MEMORY;
    name->of_task = atomic_load(&task->names);
    if (name->of_task == ENDED || !atomic_compare_exchange_strong(&task->names, &name->of_task, name))
        return JLT_CLOSED; /* only its end changes the list without the lock */
    name->next = NULL;
    *find(names, name->text, name->hash) = name;
    names->count++;
    return JLT_OK;
}

static void take_out(struct names *names, const struct name *name)
{
    *find(names, name->text, name->hash) = name->next;
    names->count--;
}

/* Out of the list of its task's, which is not empty then, and so changes only under the lock. */
static void take_off_task(const struct name *name)
{
    struct name *first = atomic_load(&name->task->names);
    if (first == name) {
        atomic_store(&name->task->names, name->of_task);
        return;
    }
    while (first->of_task != name)
        first = first->of_task;
    first->of_task = name->of_task;
}

/* ---- any thread ---- */

static jlt_status closed(void)
{
    return error_report(error_constant(JLT_CLOSED));
}

jlt_status names_register(struct runtime *runtime, const char *text, struct task *task)
{
    struct names *names = &runtime->names;
    if (runtime_is_closed(runtime))
        return closed();
    size_t length = strlen(text) + 1;
    struct name *name = malloc(sizeof *name + length);
    if (!name)
        return error_report(error_constant(JLT_NO_MEMORY));
    name->task = task;
    name->hash = hash_of(text);
    memcpy(name->text, text, length);
    pthread_mutex_lock(&names->lock);
    jlt_status status = add(names, name);
    pthread_mutex_unlock(&names->lock);
    if (status == JLT_OK)
        return error_none();
    free(name);
    if (status == JLT_INVALID_ARGUMENT)
        return error_fail(status, "the name \"%s\" is taken", text);
    return error_report(status == JLT_CLOSED ? failure_closed(task) : error_constant(status));
}

static jlt_status not_found(const char *text)
{
    return error_fail(JLT_NOT_FOUND, "no task has the name \"%s\"", text);
}

jlt_status names_lookup(struct runtime *runtime, const char *text, struct task **task)
{
    struct names *names = &runtime->names;
    if (runtime_is_closed(runtime))
        return closed();
    pthread_mutex_lock(&names->lock);
    const struct name *name = get(names, text);
    struct task *found = name && task_try_clone(name->task) ? name->task : NULL;
    pthread_mutex_unlock(&names->lock);
    if (!found)
        return not_found(text);
    *task = found;
    return error_none();
}

jlt_status names_unregister(struct runtime *runtime, const char *text)
{
    struct names *names = &runtime->names;
    pthread_mutex_lock(&names->lock);
    struct name *name = get(names, text);
    if (name) {
        take_off_task(name);
        take_out(names, name);
    }
    pthread_mutex_unlock(&names->lock);
    if (!name)
        return not_found(text);
    free(name);
    return error_none();
}

void names_forget(struct task *task)
{
    struct names *names = &task->runtime->names;
    struct name *first = NULL;
    if (atomic_compare_exchange_strong(&task->names, &first, ENDED))
        return;
    pthread_mutex_lock(&names->lock);
    first = atomic_exchange(&task->names, ENDED);
    for (const struct name *name = first; name; name = name->of_task)
        take_out(names, name);
    pthread_mutex_unlock(&names->lock);
    while (first) {
        struct name *name = first;
        first = name->of_task;
        free(name);
    }
}
