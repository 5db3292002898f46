/* SPDX-License-Identifier: MIT */
#include "core/type.h"

#include "base/checks.h"
#include "base/error.h"
#include "base/hash.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { chains = 256 };
static _Atomic(struct type *) table[chains];
static atomic_uint type_count; /* numbers given away */

/* The strings of a type's fields; any but the name may be NULL. */
static const size_t strings[] = {
    offsetof(jlt_persistent_type, name),         offsetof(jlt_persistent_type, julia_init),
    offsetof(jlt_persistent_type, julia_run),    offsetof(jlt_persistent_type, julia_exit),
    offsetof(jlt_persistent_type, julia_config), offsetof(jlt_persistent_type, julia_input),
    offsetof(jlt_persistent_type, julia_output),
};
enum { string_count = sizeof strings / sizeof *strings };

static const char **string_of(jlt_persistent_type *fields, size_t index)
{
    return (const char **)((char *)fields + strings[index]);
}

static uint64_t hash_of(const struct type *type)
{
    /* run and the sizes tell nearly all types apart; the rest is left to the comparison */
    uint64_t hash = hash_bytes(HASH_START, &type->fields.run, sizeof type->fields.run);
    hash = hash_bytes(hash, &type->run_once, sizeof type->run_once);
    hash = hash_bytes(hash, &type->fields.state_size, 5 * sizeof(size_t));
    if (type->fields.julia_run)
        hash = hash_bytes(hash, type->fields.julia_run, strlen(type->fields.julia_run));
    return hash_bytes(hash, type->fields.name, strlen(type->fields.name));
}

static bool same_string(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

/* Both have nothing in their padding. */
static bool same(const struct type *a, const struct type *b)
{
    jlt_persistent_type x = a->fields, y = b->fields;
    for (size_t i = 0; i < string_count; i++) {
        const char **s = string_of(&x, i), **t = string_of(&y, i);
        if (!same_string(*s, *t))
            return false;
        *s = *t = NULL;
    }
    return a->persistent == b->persistent && a->own == b->own && a->run_once == b->run_once &&
           !memcmp((const void *)&x, (const void *)&y, sizeof x);
}

static struct type *find(struct type *chain, const struct type *wanted)
{
    while (chain && !same(chain, wanted))
        chain = chain->next;
    return chain;
}

/* The bytes that the strings take. */
static size_t strings_length(jlt_persistent_type *fields)
{
    size_t length = 0;
    for (size_t i = 0; i < string_count; i++) {
        const char *string = *string_of(fields, i);
        length += string ? strlen(string) + 1 : 0;
    }
    return length;
}

/* Copies them to `at`. */
static void copy_strings(jlt_persistent_type *fields, char *at)
{
    for (size_t i = 0; i < string_count; i++) {
        const char **string = string_of(fields, i);
        if (!*string)
            continue;
        size_t length = strlen(*string) + 1;
        *string = memcpy(at, *string, length);
        at += length;
    }
}

static const struct type *intern(struct type *wanted)
{
    _Atomic(struct type *) *chain = &table[hash_of(wanted) % chains];
    struct type *first = atomic_load(chain), *found = find(first, wanted);
    if (found)
        return found;
    struct type *copy = malloc(sizeof *copy + strings_length(&wanted->fields));
    if (!copy) {
        error_report(error_constant(JLT_NO_MEMORY));
        return NULL;
    }
    *copy = *wanted;
    copy_strings(&copy->fields, (char *)(copy + 1));
    copy->name = copy->fields.name;
    copy->number = atomic_fetch_add_explicit(&type_count, 1, memory_order_relaxed); /* only told apart by it */
    do {
        copy->next = first;
        if (atomic_compare_exchange_strong(chain, &first, copy))
            return copy;
        found = find(first, wanted); /* somebody was faster, perhaps with the same type */
    } while (!found);
    free(copy);
    return found;
}

/* Copies what the caller's struct has of ours. */
static bool copy_fields(void *fields, size_t size, const void *from, size_t from_size)
{
    if (!from) {
        error_fail(JLT_INVALID_ARGUMENT, "type is NULL");
        return false;
    }
    memcpy(fields, from, from_size < size ? from_size : size);
    return true;
}

/* What the caller's memory happened to have behind the last member would make a type of its own of each. */
static void clear_padding(jlt_persistent_type *fields)
{
    size_t end = offsetof(jlt_persistent_type, retry) + sizeof fields->retry;
    memset((char *)fields + end, 0, sizeof *fields - end);
}

static const struct type *without_run(const char *name)
{
    error_fail(JLT_INVALID_ARGUMENT, "task type \"%s\" has no run function", name);
    return NULL;
}

/* Sums with such a size would wrap round. */
static bool is_too_large(size_t size)
{
    return size > PTRDIFF_MAX / 4;
}

static const struct type *intern_checked(struct type *wanted)
{
    const jlt_persistent_type *fields = &wanted->fields;
    if (!is_too_large(fields->state_size) && !is_too_large(fields->config_size) && !is_too_large(fields->input_size) &&
        !is_too_large(fields->output_size))
        return intern(wanted);
    error_fail(JLT_INVALID_ARGUMENT, "task type \"%s\" has a size that no memory has", wanted->name);
    return NULL;
}

static const struct type *type_of_once(const jlt_task_type *type, size_t size, bool own)
{
    jlt_task_type fields;
    memset(&fields, 0, sizeof fields);
    if (!copy_fields(&fields, sizeof fields, type, size))
        return NULL;
    struct type wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.name = wanted.fields.name = fields.name ? fields.name : "task";
    wanted.fields.input_size = fields.input_size;
    wanted.fields.output_size = fields.output_size;
    wanted.fields.dispose_input = fields.dispose_input;
    wanted.fields.dispose_output = fields.dispose_output;
    wanted.fields.thread = fields.thread;
    wanted.fields.skip_if_dropped = fields.skip_if_dropped;
    wanted.run_once = fields.run;
    wanted.own = own;
    return fields.run ? intern_checked(&wanted) : without_run(wanted.name);
}

const struct type *type_of_task(const jlt_task_type *type, size_t size)
{
    return type_of_once(type, size, false);
}

const struct type *type_of_own(const jlt_task_type *type)
{
    return type_of_once(type, sizeof *type, true);
}

/* Which members do not go together in a type with some of the julia_ ones; NULL: all do. */
static const char *julia_members_wrong(const jlt_persistent_type *fields)
{
    if (!fields->julia_run)
        return fields->julia_init || fields->julia_exit || fields->julia_config || fields->julia_input ||
                       fields->julia_output
                   ? "has julia_ members, but no julia_run"
                   : NULL;
    if (fields->init || fields->run || fields->exit)
        return "has julia_run, and init, run or exit too";
    if (fields->state_size)
        return "has julia_run, but a state_size that is not 0";
    if (fields->warm_up)
        return "has julia_run and warm_up, whose state is not C's";
    if (fields->julia_config && !fields->julia_init)
        return "has julia_config, but no julia_init";
    if (fields->config_size && !fields->julia_config)
        return "has julia_run and a config_size, but no julia_config";
    if (fields->input_size && !fields->julia_input)
        return "has julia_run and an input_size, but no julia_input";
    if (fields->output_size && !fields->julia_output)
        return "has julia_run and an output_size, but no julia_output";
    return NULL;
}

/* The same of what a failure does. */
static const char *failure_members_wrong(const jlt_persistent_type *fields)
{
    if ((unsigned)fields->on_failure > JLT_STOP)
        return "has an on_failure that is none of jlt_on_failure";
    if (fields->restart_window_ns < 0 || fields->backoff_ns < 0)
        return "has a negative restart_window_ns or backoff_ns";
    if (fields->on_failure != JLT_RESTART &&
        (fields->restarts || fields->restart_window_ns || fields->backoff_ns || fields->retry))
        return "has restarts, restart_window_ns, backoff_ns or retry, but its on_failure is not JLT_RESTART";
    return NULL;
}

static void use_julia_bodies(jlt_persistent_type *fields, const struct julia_bodies *julia)
{
    fields->state_size = julia->state_size;
    fields->init = julia->init;
    fields->run = julia->run;
    fields->exit = fields->julia_exit ? julia->exit : NULL;
}

const struct type *type_of_persistent(const jlt_persistent_type *type, size_t size, const struct julia_bodies *julia)
{
    struct type wanted;
    memset(&wanted, 0, sizeof wanted);
    if (!copy_fields(&wanted.fields, sizeof wanted.fields, type, size))
        return NULL;
    clear_padding(&wanted.fields);
    wanted.persistent = true;
    wanted.name = wanted.fields.name = wanted.fields.name ? wanted.fields.name : "persistent";
    const char *wrong = julia_members_wrong(&wanted.fields);
    if (!wrong)
        wrong = failure_members_wrong(&wanted.fields);
    if (wrong) {
        error_fail(JLT_INVALID_ARGUMENT, "task type \"%s\" %s", wanted.name, wrong);
        return NULL;
    }
    if (wanted.fields.julia_run && julia)
        use_julia_bodies(&wanted.fields, julia);
    return wanted.fields.run ? intern_checked(&wanted) : without_run(wanted.name);
}

const struct type *type_next(const struct type *after)
{
    const struct type *next = after ? after->next : NULL;
    size_t chain = after ? hash_of(after) % chains + 1 : 0;
    while (!next && chain < chains)
        next = atomic_load(&table[chain++]);
    return next;
}

bool type_claim_warm_up(const struct type *type)
{
    if (!type->fields.warm_up)
        return false;
    /* relaxed: nothing else is said by it */
    atomic_bool *warmed_up = &((struct type *)(uintptr_t)type)->warmed_up;
    return !atomic_exchange_explicit(warmed_up, true, memory_order_relaxed);
}

/* ---- structs that were changed ---- */

struct seen {
    struct seen *next;
    const void *callers;
    const struct type *found;
};
static _Atomic(struct seen *) seen_structs[chains];

static struct seen *find_seen(struct seen *chain, const void *callers)
{
    while (chain && chain->callers != callers)
        chain = chain->next;
    return chain;
}

static void remember(_Atomic(struct seen *) *chain, const void *callers, const struct type *found)
{
    struct seen *seen = platform_is_static(callers) ? malloc(sizeof *seen) : NULL;
    if (!seen)
        return;
    *seen = (struct seen){atomic_load(chain), callers, found};
    while (!atomic_compare_exchange_weak(chain, &seen->next, seen)) {
    }
}

const struct type *type_check(const void *callers, const struct type *found, const char *call)
{
    if (!checks_enabled || !callers || !found)
        return found;
    _Atomic(struct seen *) *chain = &seen_structs[hash_bytes(HASH_START, &callers, sizeof callers) % chains];
    const struct seen *seen = find_seen(atomic_load(chain), callers);
    if (seen && seen->found != found)
        checks_abort(call, "the type was changed after its first use");
    if (!seen)
        remember(chain, callers, found);
    return found;
}
