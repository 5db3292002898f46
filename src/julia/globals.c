/* SPDX-License-Identifier: MIT
 *
 * Globals by path, remembered. A path is looked up by Julia code once (some microseconds); what then may be remembered
 * depends on what can change. Constants of Base and Core stay what they are, so their value is kept. A global of Main
 * is read anew each time, by its Symbol. Anything else (a module of the user's may be defined again) is looked up each
 * time. Neither such values nor Symbols are ever collected, so nothing here is a root.
 *
 * The table only grows, up to a limit, so that looking into it takes no lock. */
#include "julia/globals.h"

#include "base/hash.h"
#include "julia/bootstrap.h"
#include "julia/calls.h"
#include "julia/symbols.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { chains = 1024, most_entries = 8192 };

static const char julia_text[] = {
#include "globals.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:globals.jl", 0};

/* *remember: how long what was found may be remembered. */
enum remember { REMEMBER_NOT, REMEMBER_NAME };
JULIA_FUNCTION(source, jlt_value *, global_value, (const char *path, int *remember, int *failed),
               "Any, (Ptr{UInt8}, Ptr{Cint}, Failed)");
JULIA_FUNCTION(source, jlt_value *, main_value, (jlt_value * name, int *gone), "Any, (Any, Failed)");

struct entry {
    struct entry *next;
    jlt_value *value; /* or NULL: a global of Main, called ... */
    jlt_value *name;  /* a Symbol */
    char path[];
};

static _Atomic(struct entry *) table[chains];
static atomic_int entry_count; /* relaxed: a little more than the limit does no harm */

static unsigned chain_of(const char *path)
{
    return (unsigned)(hash_bytes(HASH_START, path, strlen(path)) % chains);
}

static struct entry *find(unsigned chain, const char *path)
{
    struct entry *entry = atomic_load_explicit(&table[chain], memory_order_acquire); /* pairs with remember's release */
    while (entry && strcmp(entry->path, path) != 0)
        entry = entry->next;
    return entry;
}

static void remember(unsigned chain, const char *path, jlt_value *value, jlt_value *name)
{
    if (atomic_load_explicit(&entry_count, memory_order_relaxed) >= most_entries)
        return;
    size_t size = strlen(path) + 1;
    struct entry *entry = malloc(sizeof *entry + size);
    if (!entry)
        return;
    entry->value = value;
    entry->name = name;
    memcpy(entry->path, path, size);
    /* two threads may both add the same path; the older entry is then never seen, which costs only its memory */
    entry->next = atomic_load_explicit(&table[chain], memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&table[chain], &entry->next, entry, memory_order_release,
                                                  memory_order_relaxed)) {
    }
    atomic_fetch_add_explicit(&entry_count, 1, memory_order_relaxed);
}

/* Constants of Base's and Core's modules, without any Julia code, which would have to be compiled first: nearly all
 * programs ask for some. NULL: not one of these. */
static jlt_value *constant_of_base(const char *path)
{
    jlt_value *value = bootstrap.Main;
    for (const char *name = path, *end; *name; name = end + (*end == '.')) {
        enum { longest = 256 };
        char text[longest];
        end = strchrnul(name + 1, '.'); /* an operator may begin with a dot */
        size_t length = (size_t)(end - name);
        if (length >= longest || (*end && !end[1]) || !julia.isa(value, bootstrap.Module) ||
            (value == bootstrap.Main && name != path))
            return NULL;
        memcpy(text, name, length);
        text[length] = 0;
        jlt_value *symbol = julia.symbol(text), *module = value;
        value = julia.get_global(module, symbol);
        if (!value ||
            (name == path ? value != bootstrap.Base && value != bootstrap.Core : !julia.is_const(module, symbol)))
            return NULL;
    }
    return *path ? value : NULL;
}

static struct outcome look_up(const char *path, int *how_long)
{
    RETURN_LATE(global_value, path, how_long, &failed);
}

/* What an entry leads to. False: a global of Main that is not there any more. */
static bool read_entry(const struct entry *entry, struct outcome *outcome)
{
    int gone = 0;
    struct error *none = NULL;
    *outcome = (struct outcome){.value = entry->value};
    if (entry->value)
        return true;
    main_value_function *function = LATE(main_value, &none);
    error_free(none); /* whoever looks it up anew will see */
    outcome->value = function ? function(entry->name, &gone) : NULL;
    return function && !gone;
}

struct outcome julia_global(const char *path)
{
    struct outcome outcome;
    unsigned chain = chain_of(path);
    const struct entry *entry = find(chain, path);
    if (entry && read_entry(entry, &outcome))
        return outcome;
    jlt_value *constant = constant_of_base(path);
    if (constant) {
        remember(chain, path, constant, NULL);
        return (struct outcome){.value = constant};
    }
    int how_long = REMEMBER_NOT;
    outcome = look_up(path, &how_long);
    if (outcome.failed || entry)
        return outcome;
    if (how_long == REMEMBER_NAME)
        remember(chain, path, NULL, julia.symbol(strchr(path, '.') + 1));
    return outcome;
}

struct outcome julia_global_known(const char *path, void **known)
{
    struct outcome outcome;
    /* acquire and release: an entry is complete, also for a thread that never looked into the table */
    const struct entry *entry = __atomic_load_n(known, __ATOMIC_ACQUIRE);
    if (entry && read_entry(entry, &outcome))
        return outcome;
    outcome = julia_global(path);
    if (!entry && !outcome.failed)
        __atomic_store_n(known, (void *)find(chain_of(path), path), __ATOMIC_RELEASE);
    return outcome;
}

bool julia_is_constant(const jlt_value *value)
{
    const jlt_value *const own[] = {
#define VALUE(name) bootstrap.name,
        BOOTSTRAP_VALUES(VALUE)
#undef VALUE
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i] == value)
            return true;
    for (unsigned chain = 0; chain < chains; chain++) {
        const struct entry *entry = atomic_load_explicit(&table[chain], memory_order_acquire); /* as in find */
        for (; entry; entry = entry->next)
            if (entry->value == value)
                return true;
    }
    return false;
}
