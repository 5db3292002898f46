/* SPDX-License-Identifier: MIT */
#include "core/type.h"

#include "base/error.h"
#include "base/hash.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { chains = 256 };
static _Atomic(struct type *) table[chains];

static uint64_t hash_of(const struct type *type)
{
    /* run and the sizes tell nearly all types apart; the rest is left to the comparison */
    uint64_t hash = hash_bytes(HASH_START, &type->fields.run, sizeof type->fields.run);
    hash = hash_bytes(hash, &type->run_once, sizeof type->run_once);
    hash = hash_bytes(hash, &type->fields.state_size, 5 * sizeof(size_t));
    return hash_bytes(hash, type->name, strlen(type->name));
}

/* Both were zeroed before they were filled, so their padding is equal too. */
static bool same(const struct type *a, const struct type *b)
{
    jlt_persistent_type x = a->fields, y = b->fields;
    x.name = y.name = NULL;
    return a->persistent == b->persistent && a->run_once == b->run_once && !memcmp(&x, &y, sizeof x) &&
           !strcmp(a->name, b->name);
}

static struct type *find(struct type *chain, const struct type *wanted)
{
    while (chain && !same(chain, wanted))
        chain = chain->next;
    return chain;
}

static const struct type *intern(const struct type *wanted)
{
    _Atomic(struct type *) *chain = &table[hash_of(wanted) % chains];
    struct type *first = atomic_load(chain), *found = find(first, wanted);
    if (found)
        return found;
    size_t name_length = strlen(wanted->name) + 1;
    struct type *copy = malloc(sizeof *copy + name_length);
    if (!copy) {
        error_report(error_constant(JLT_NO_MEMORY));
        return NULL;
    }
    *copy = *wanted;
    copy->name = copy->fields.name = memcpy(copy + 1, wanted->name, name_length);
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

static const struct type *without_run(const char *name)
{
    error_fail(JLT_INVALID_ARGUMENT, "task type \"%s\" has no run function", name);
    return NULL;
}

const struct type *type_of_task(const jlt_task_type *type, size_t size)
{
    jlt_task_type fields;
    memset(&fields, 0, sizeof fields);
    if (!copy_fields(&fields, sizeof fields, type, size))
        return NULL;
    struct type wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.name = fields.name ? fields.name : "task";
    wanted.fields.input_size = fields.input_size;
    wanted.fields.output_size = fields.output_size;
    wanted.fields.dispose_input = fields.dispose_input;
    wanted.fields.dispose_output = fields.dispose_output;
    wanted.fields.thread = fields.thread;
    wanted.run_once = fields.run;
    return fields.run ? intern(&wanted) : without_run(wanted.name);
}

const struct type *type_of_persistent(const jlt_persistent_type *type, size_t size)
{
    struct type wanted;
    memset(&wanted, 0, sizeof wanted);
    if (!copy_fields(&wanted.fields, sizeof wanted.fields, type, size))
        return NULL;
    wanted.persistent = true;
    wanted.name = wanted.fields.name ? wanted.fields.name : "persistent";
    return wanted.fields.run ? intern(&wanted) : without_run(wanted.name);
}

bool type_claim_warm_up(const struct type *type)
{
    if (!type->fields.warm_up)
        return false;
    /* relaxed: nothing else is said by it */
    atomic_bool *warmed_up = &((struct type *)(uintptr_t)type)->warmed_up;
    return !atomic_exchange_explicit(warmed_up, true, memory_order_relaxed);
}
