/* SPDX-License-Identifier: MIT
 *
 * Globals by path, remembered. A path is looked up by Julia code once (some microseconds); what then may be remembered
 * depends on what can change. Constants of Base and Core stay what they are, so their value is kept. A global of Main
 * is read anew each time, by its Symbol. Anything else (a module of the user's may be defined again) is looked up each
 * time. Neither such values nor Symbols are ever collected, so nothing here is a root.
 *
 * The table only grows, up to a limit, so that looking into it takes no lock. */
#include "base/hash.h"
#include "julia/bootstrap.h"
#include "julia/calls.h"
#include "julia/symbols.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { chains = 1024, most_entries = 8192 };

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

struct outcome julia_global(const char *path)
{
    unsigned chain = chain_of(path);
    const struct entry *entry = find(chain, path);
    if (entry && entry->value)
        return (struct outcome){entry->value, false};
    if (entry) {
        jlt_value *value = LATE(main_value)(entry->name);
        if (value != bootstrap.not_defined)
            return (struct outcome){value, false};
    }
    int how_long = REMEMBER_NOT;
    struct outcome outcome = julia_find_global(path, &how_long);
    if (outcome.failed || entry)
        return outcome;
    if (how_long == REMEMBER_VALUE)
        remember(chain, path, outcome.value, NULL);
    else if (how_long == REMEMBER_NAME)
        remember(chain, path, NULL, julia.symbol(strchr(path, '.') + 1));
    return outcome;
}
