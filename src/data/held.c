/* SPDX-License-Identifier: MIT
 *
 * Values held for the client side.
 *
 * What a client may ask of a held value is written down when it is held, so that no thread but Julia's own ever
 * touches Julia for it. All held values are in one list, which a root scanner of their own marks in each collection; so
 * holding and dropping are a few instructions, a dropped value goes with the next collection, and each collection
 * walks the list. The list changes under a spinlock that is never held across a call into Julia.
 *
 * The scanner is there from the start, since making it known under the lock would call into Julia, which may throw
 * where the stack ends. It stays when the runtime ends: Julia may still collect while it shuts down, and what is
 * held is the client's until it drops it. */
#include "data/held.h"

#include "data/array_view.h"

#include "base/checks.h"
#include "base/list.h"
#include "base/spinlock.h"
#include "core/fork.h"
#include "core/quarantine.h"
#include "data/known.h"
#include "julia/symbols.h"

#include <stdlib.h>
#include <string.h>

enum kind { HELD_OTHER, HELD_ARRAY, HELD_STRING }; /* as in array_view.jl */

struct jlt_held {
    struct jlt_held *previous, *next;
    jlt_value *value, *memory; /* memory: what owns the elements of an array */
    uint32_t life;             /* enum life_tag, with JLT_CHECKS */
    uint8_t kind;              /* enum kind */
    int16_t element;           /* a jlt_element; -1: another type */
    jlt_view view;             /* of an array; data and length of a string */
    const char *element_name;
    char type_name[]; /* and element_name behind it */
};

/* Makes the object; names end with a NUL. */
typedef void inspect_sink(void *held, int kind, int element, const char *type_name, const char *element_name);

JULIA_FUNCTION_ON(array_source, array_view_source, jlt_value *, inspect,
                  (jlt_value * value, struct view_words *words, size_t max_dims, inspect_sink *sink, void *held,
                   int *failed),
                  "Any, (Any, Ptr{Csize_t}, Csize_t, Ptr{Cvoid}, Ptr{Cvoid}, Failed)");

static struct spinlock lock = {ATOMIC_FLAG_INIT};
static struct jlt_held *all;

/* ---- the list ---- */

static void mark_held(int full)
{
    (void)full;
    void *ptls = julia.get_ptls_states();
    spin_lock(&lock);
    for (const struct jlt_held *held = all; held; held = held->next) {
        julia.gc_mark_queue_obj(ptls, held->value);
        julia.gc_mark_queue_obj(ptls, held->memory);
    }
    spin_unlock(&lock);
}

void held_open(void)
{
    julia.gc_set_cb_root_scanner(mark_held, 1);
}

/* On a Julia thread that does not let a collection run meanwhile. */
static void link_held(struct jlt_held *held)
{
    spin_lock(&lock);
    LIST_ADD(all, held);
    spin_unlock(&lock);
    COUNT(held, 1);
}

static void unlink_held(const struct jlt_held *held)
{
    known_forget_held(held->value);
    spin_lock(&lock);
    LIST_REMOVE(all, held);
    spin_unlock(&lock);
    COUNT(held, -1);
}

static void free_held(struct jlt_held *held)
{
    quarantine_free(held, sizeof *held + strlen(held->type_name) + 1 + strlen(held->element_name) + 1);
}

static void expect_held(const struct jlt_held *held, const char *call)
{
    quarantine_expect(&held->life, call, "the held value was dropped before");
}

/* ---- in a body ---- */

static void make_held(void *result, int kind, int element, const char *type_name, const char *element_name)
{
    size_t type_size = strlen(type_name) + 1, element_size = strlen(element_name) + 1;
    struct jlt_held *held = quarantine_new(sizeof *held + type_size + element_size);
    *(struct jlt_held **)result = held;
    if (!held)
        return;
    held->life = LIFE_ALIVE;
    held->kind = (uint8_t)kind;
    held->element = (int16_t)element;
    held->element_name = held->type_name + type_size;
    memcpy(held->type_name, type_name, type_size);
    memcpy(held->type_name + type_size, element_name, element_size);
}

static struct outcome look_into(jlt_value *value, struct view_words *words, struct jlt_held **held)
{
    RETURN_LATE(inspect, value, words, JLT_VIEW_DIMS, make_held, held, &failed);
}

jlt_held *jlt_hold(jlt_frame *frame, jlt_value *value)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return NULL;
    struct view_words words = {0};
    struct jlt_held *held = NULL;
    struct outcome outcome = look_into(value, &words, &held);
    if (!outcome.failed && !held)
        frame_fail(frame, JLT_NO_MEMORY, "%s: no memory", __func__);
    if (outcome.failed || !held || frame->base->failed) {
        array_done(frame, outcome);
        if (held)
            free_held(held);
        return NULL;
    }
    held->value = value;
    held->memory = outcome.value;
    held->view = view_from_words(&words);
    known_add(&value, 1);
    link_held(held);
    julia_may_collect();
    return held;
}

jlt_value *jlt_held_get(jlt_frame *frame, const jlt_held *held)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, held, __func__, "held"))
        return NULL;
    expect_held(held, __func__);
    return frame_root(frame, held->value);
}

/* ---- on any thread ---- */

static jlt_status missing(const char *call, const char *what)
{
    return error_fail(JLT_INVALID_ARGUMENT, "%s: %s is NULL", call, what);
}

static jlt_status another(const char *call, const jlt_held *held, const char *wanted)
{
    return error_fail(JLT_TYPE_MISMATCH, "%s: expected %s, got %s", call, wanted, held->type_name);
}

static jlt_status give_view(const char *call, const jlt_held *held, bool same_element, const char *name, jlt_view *view,
                            size_t view_size)
{
    if (held->kind != HELD_ARRAY || !same_element)
        return error_fail(JLT_TYPE_MISMATCH, "%s: expected an Array of %s, got %s", call, name, held->type_name);
    if (!held->view.contiguous)
        return error_fail(JLT_TYPE_MISMATCH,
                          "%s: expected an Array of %s, got %s, whose elements have gaps between them; hold a copy",
                          call, name, held->type_name);
    view_store(view, view_size, &held->view);
    return error_none();
}

jlt_status jlt_held_view_sized(const jlt_held *held, jlt_element element, jlt_view *view, size_t view_size)
{
    static const char call[] = "jlt_held_view";
    static const char *const names[] = {
#define NAME(name, julia_name, c) #julia_name,
        JLT_ELEMENT_MAP(NAME)
#undef NAME
    };
    if (fork_is_child())
        return fork_report();
    if (!held || !view)
        return missing(call, held ? "view" : "held");
    expect_held(held, call);
    if ((unsigned)element >= JLT_ELEMENT_COUNT)
        return error_fail(JLT_INVALID_ARGUMENT, "%s: %d is not an element type", call, (int)element);
    return give_view(call, held, held->element == (int)element, names[element], view, view_size);
}

jlt_status jlt_held_view_of_sized(const jlt_held *held, const char *type_name, size_t element_size, jlt_view *view,
                                  size_t view_size)
{
    static const char call[] = "jlt_held_view_of";
    if (fork_is_child())
        return fork_report();
    if (!held || !type_name || !view)
        return missing(call, !held ? "held" : !type_name ? "type_name" : "view");
    expect_held(held, call);
    bool same = held->kind == HELD_ARRAY && !strcmp(held->element_name, type_name);
    if (same && held->view.element_size != element_size)
        return error_fail(JLT_TYPE_MISMATCH, "%s: an element of %s has %zu bytes in Julia, but %zu in C", call,
                          type_name, held->view.element_size, element_size);
    return give_view(call, held, same, type_name, view, view_size);
}

jlt_status jlt_held_bytes(const jlt_held *held, const void **data, size_t *length)
{
    if (fork_is_child())
        return fork_report();
    if (!held || !data || !length)
        return missing(__func__, !held ? "held" : !data ? "data" : "length");
    expect_held(held, __func__);
    bool array = held->kind == HELD_ARRAY && held->element == JLT_U8 && held->view.contiguous;
    if (held->kind != HELD_STRING && !array)
        return another(__func__, held, "a String or an Array of UInt8");
    *data = held->view.data;
    *length = held->view.length;
    return error_none();
}

void jlt_held_drop(jlt_held *held)
{
    if (!held || fork_is_child())
        return;
    if (quarantine_enabled && __atomic_exchange_n(&held->life, LIFE_ENDED, __ATOMIC_SEQ_CST) != LIFE_ALIVE)
        checks_abort(__func__, "the held value was dropped before");
    unlink_held(held);
    free_held(held);
}
