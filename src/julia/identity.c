/* SPDX-License-Identifier: MIT
 *
 * A fiber is one Julia task, and runs messages of many. Julia code keeps two things in its current task: task-local
 * storage, and since 1.7 the state of the random generator. So between turns a fiber's task has no storage, and a
 * generator that nobody has drawn from (fiber->random is a copy of its state). What a turn has left there is put into
 * the identity of the task whose turn it was, and taken out again by its next turn, on whichever fiber; or forgotten,
 * if that was a one-shot task. A task that uses neither has no identity, and costs a comparison a turn.
 *
 * Where the two are in a Julia task is asked of Julia at the start (take_task_fields in bootstrap.c). C reads the
 * storage's pointer, to see whether there is one, and takes it away by storing `nothing`, which needs no write barrier
 * since it is never collected; Julia code puts one back. The generator's state is plain numbers. Its meaning does not
 * matter here: a state that nobody has drawn from is made of random bits, as Julia makes that of its first task.
 *
 * The storage is rooted in the pages of the worker where it was first seen. Without memory for an identity, what the
 * task has left is forgotten. */
#include "julia/identity.h"

#include "base/error.h"
#include "julia/bootstrap.h"
#include "julia/engine.h"
#include "julia/symbols.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "identity.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:identity.jl", 0};

JULIA_FUNCTION(source, void, set_storage, (jlt_value * task, jlt_value *storage), "Cvoid, (Any, Any)");

struct identity {
    jlt_value *storage;       /* or NULL */
    struct root_pages *pages; /* NULL: it has no cell yet */
    root_cell cell;
    bool has_random;
    uint64_t random[];
};

static _Atomic uint64_t random_counter;

/* ---- a Julia task's fields ---- */

static jlt_value **storage_of(jlt_value *task)
{
    return (jlt_value **)((char *)task + bootstrap.task_fields.storage_at);
}

static void *random_of(jlt_value *task)
{
    return (char *)task + bootstrap.task_fields.random_at;
}

static size_t random_size(void)
{
    return bootstrap.task_fields.random_words * sizeof(uint64_t);
}

/* ---- generators ---- */

void identity_open(void)
{
    atomic_init(&random_counter, platform_random());
}

/* splitmix64, over a counter that all threads share */
static uint64_t random_word(void)
{
    uint64_t word = atomic_fetch_add_explicit(&random_counter, 0x9e3779b97f4a7c15, memory_order_relaxed);
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return word ^ word >> 31;
}

void identity_begin(struct julia_fiber *fiber)
{
    for (size_t i = 0; i < bootstrap.task_fields.random_words; i++)
        fiber->random[i] = random_word();
    memcpy(random_of(fiber->task), fiber->random, random_size());
}

void random_set_aside(struct random_aside *aside)
{
    aside->task = julia.get_current_task();
    memcpy(aside->words, random_of(aside->task), random_size());
}

void random_put_back(const struct random_aside *aside)
{
    memcpy(random_of(aside->task), aside->words, random_size());
}

/* ---- identities ---- */

static struct identity *new_identity(void)
{
    return calloc(1, sizeof(struct identity) + random_size());
}

/* False: no memory. */
static bool keep_storage(struct identity *identity, struct julia_fiber *fiber, jlt_value *storage)
{
    struct root_pages *pages = &julia_worker_of(fiber->base.worker)->pages;
    struct error *error = NULL;
    if (identity->storage == storage)
        return true;
    if (!identity->pages) {
        bool ready = LATE(set_storage, &error) != NULL;
        error_free(error);
        if (!ready || !root_pages_take(pages, 1, &identity->cell))
            return false;
        identity->pages = pages;
    }
    root_pages_store(identity->pages, identity->cell, storage);
    identity->storage = storage;
    return true;
}

/* Puts what the fiber's task has into the identity, if there is one to be kept. */
static void keep(struct julia_fiber *fiber, struct identity **kept, jlt_value *storage, bool drawn)
{
    if (!*kept)
        *kept = new_identity();
    struct identity *identity = *kept;
    if (!identity)
        return;
    if (storage != bootstrap.nothing)
        (void)keep_storage(identity, fiber, storage);
    identity->has_random |= drawn;
    if (identity->has_random)
        memcpy(identity->random, random_of(fiber->task), random_size());
}

static void put_down(struct julia_fiber *fiber, struct identity **kept, jlt_value *storage, bool drawn)
{
    bool own_generator = !kept || !*kept || !(*kept)->has_random;
    if (kept)
        keep(fiber, kept, storage, drawn);
    *storage_of(fiber->task) = bootstrap.nothing;
    if (drawn && own_generator)
        identity_begin(fiber);
    else
        memcpy(random_of(fiber->task), fiber->random, random_size());
}

void identity_leave(struct fiber *fiber, void **identity)
{
    struct julia_fiber *own = (struct julia_fiber *)fiber;
    jlt_value *storage = *storage_of(own->task);
    bool drawn = memcmp(random_of(own->task), own->random, random_size()) != 0;
    if (__builtin_expect(storage != bootstrap.nothing || drawn, 0))
        put_down(own, (struct identity **)identity, storage, drawn);
}

void identity_enter(struct fiber *fiber, const void *identity)
{
    jlt_value *task = ((struct julia_fiber *)fiber)->task;
    const struct identity *kept = identity;
    if (kept->has_random)
        memcpy(random_of(task), kept->random, random_size());
    if (kept->storage)
        LATE_AGAIN(set_storage)(task, kept->storage);
}

void identity_free(void *identity)
{
    struct identity *kept = identity;
    if (kept->pages)
        root_pages_give_back(kept->pages, 1, &kept->cell);
    free(kept);
}
