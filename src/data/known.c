/* SPDX-License-Identifier: MIT
 *
 * A value is good as long as something of jltask's roots it: an open frame or scope of any body, what a task's init has
 * rooted, a slot, a held value. Their number is counted here by the value's address. An address stays in the table when
 * its count is zero: its use is a misuse then, until it is given to the program again. An address that was never given
 * to it comes from elsewhere (julia.h), and is the program's own concern. Constants of Base's and Core's modules that
 * jlt_global has given are good for ever.
 *
 * A misuse is not seen if the value has been collected and another is at its address, which is rooted just now. So that
 * this does not happen soon, values whose roots have gone linger, rooted by the scanner below: numbers, which can have
 * no finalizer, until many others have come; anything else for some collections, but not over one that the program
 * asks for (GC.gc()), which may be there to see what it collects.
 *
 * The lock is never held across a call into Julia. A collection stops Julia's threads outside of it. */
#include "data/known.h"

#include "base/hash.h"
#include "base/spinlock.h"
#include "julia/bootstrap.h"
#include "julia/globals.h"
#include "julia/symbols.h"

#include <stdio.h>
#include <stdlib.h>

static struct spinlock lock = {ATOMIC_FLAG_INIT};

/* ---- counts ---- */

struct known {
    jlt_value *value; /* NULL: an empty place */
    int32_t roots;
};

static struct known *table; /* open addressing; as large as a power of two */
static size_t room, filled;
static bool blind; /* there was no memory for the table: nothing is seen from here on */

static struct known *place_of(struct known *places, size_t count, jlt_value *value)
{
    size_t at = (size_t)hash_bytes(HASH_START, &value, sizeof value);
    while (places[at & (count - 1)].value && places[at & (count - 1)].value != value)
        at++;
    return &places[at & (count - 1)];
}

static void grow(void)
{
    size_t larger = room ? 2 * room : 4096;
    struct known *places = calloc(larger, sizeof *places);
    blind = !places;
    for (size_t i = 0; places && i < room; i++)
        if (table[i].value)
            *place_of(places, larger, table[i].value) = table[i];
    free(table);
    table = places;
    room = places ? larger : 0;
}

/* Returns how many roots the value has then. Under the lock. */
static int32_t change(jlt_value *value, int by)
{
    if (2 * filled >= room && !blind)
        grow();
    if (blind)
        return 1;
    struct known *known = place_of(table, room, value);
    filled += !known->value;
    known->value = value;
    return known->roots += by;
}

/* ---- what lingers ---- */

enum { numbers_at_most = 1 << 16, others_at_most = 1 << 12, collections_at_most = 4 };

struct lingering {
    jlt_value *value;
    int collections; /* over which it lingers still */
};

static jlt_value *numbers[numbers_at_most];
static struct lingering others[others_at_most];
static size_t number_count, other_count; /* of all that ever were */

static bool is_number(jlt_value *value)
{
    jlt_value *const types[] = {bootstrap.Float64, bootstrap.Int64,  bootstrap.Int32,      bootstrap.UInt64,
                                bootstrap.UInt32,  bootstrap.Int16,  bootstrap.UInt16,     bootstrap.Int8,
                                bootstrap.UInt8,   bootstrap.Int128, bootstrap.UInt128,    bootstrap.Float32,
                                bootstrap.Float16, bootstrap.Char,   bootstrap.ComplexF64, bootstrap.ComplexF32};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (julia.isa(value, types[i]))
            return true;
    return false;
}

static void linger(jlt_value *value)
{
    bool number = is_number(value);
    spin_lock(&lock);
    if (number)
        numbers[number_count++ % numbers_at_most] = value;
    else
        others[other_count++ % others_at_most] = (struct lingering){value, collections_at_most};
    spin_unlock(&lock);
}

static void mark(int collection)
{
    enum { asked_for = 1 }; /* jl_gc_collection_t */
    void *ptls = julia.get_ptls_states();
    spin_lock(&lock);
    for (size_t i = 0; i < numbers_at_most && numbers[i]; i++)
        julia.gc_mark_queue_obj(ptls, numbers[i]);
    for (struct lingering *other = others; other < others + others_at_most; other++) {
        if (collection == asked_for || other->collections-- <= 0)
            *other = (struct lingering){NULL, 0};
        else
            julia.gc_mark_queue_obj(ptls, other->value);
    }
    spin_unlock(&lock);
}

void known_open(void)
{
    if (checks_enabled)
        julia.gc_set_cb_root_scanner(mark, 1);
}

/* ---- */

void known_change(jlt_value *const *values, size_t count, int by)
{
    for (size_t i = 0; i < count; i++) {
        spin_lock(&lock);
        int32_t roots = change(values[i], by);
        spin_unlock(&lock);
        if (!roots)
            linger(values[i]);
    }
}

void known_change_list(const struct root_list *list, int by)
{
    known_change(list->values, list->count, by);
    for (const struct root_chunk *chunk = list->chunks; chunk; chunk = chunk->next)
        known_change(chunk->values, chunk->count, by);
}

void known_change_held(jlt_value *value, int by)
{
    spin_lock(&lock);
    change(value, by);
    spin_unlock(&lock);
}

void known_look(jlt_value *value, const char *call, const char *what)
{
    char rule[160];
    spin_lock(&lock);
    const struct known *known = room ? place_of(table, room, value) : NULL;
    bool ended = known && known->value && known->roots <= 0;
    spin_unlock(&lock);
    if (!ended || julia_is_constant(value))
        return;
    snprintf(rule, sizeof rule, "%s was used after what rooted it (a frame, scope, task or held value) had ended",
             what);
    checks_abort(call, rule);
}
