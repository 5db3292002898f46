/* SPDX-License-Identifier: MIT
 *
 * A fiber runs one body at a time; the body's frame and the scopes opened in it form a stack, innermost at
 * fiber->frame. Every open frame is marked in every collection.
 *
 * Only the fiber that a frame was opened for may use it: current_fiber says who is running. Every call that may let
 * another fiber run takes it off the thread and puts it back; C that Julia calls meanwhile, in the body's own Julia
 * task, is known by that. A closed frame stays a spare of its fiber, so that its use is seen and
 * answered, until a later body on that fiber opens it again. A fiber is made with one, so that memory for a message's
 * frame, an exit's above all, is always there. A fiber that ends returns its spares to the system.
 *
 * With JLT_CHECKS a closed frame is opened by nobody again: it and the slots made in it go to the quarantine
 * (core/quarantine.h), where a frame is closed and a slot's life has ended, for ever; and the values that it has rooted
 * are counted (data/known.h). */
#include "data/frame.h"

#include "base/checks.h"
#include "core/fork.h"
#include "core/helpers.h"
#include "core/message.h"
#include "core/quarantine.h"
#include "data/known.h"
#include "julia/bootstrap.h"
#include "julia/symbols.h"

#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "frame.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:frame.jl", 0};

JULIA_FUNCTION(source, jlt_value *, caught_value, (jlt_value * failure, int *none), "Any, (Any, Ptr{Cint})");

/* A slot lives in a frame (cell points into its root list), or, once init has ended, in a page of its task's. */
struct jlt_slot {
    struct jlt_slot *next;
    jlt_value *value;
    jlt_value **cell;
    struct root_pages *pages;
    root_cell page_cell;
    uint32_t life; /* enum life_tag */
};

/* What a task keeps of init's frame. */
struct kept {
    struct root_pages *pages; /* of the worker that ran init */
    struct jlt_slot *slots;
    size_t count;
    root_cell cells[]; /* with JLT_CHECKS their values follow */
};

static size_t kept_size(size_t count)
{
    return sizeof(struct kept) + (count + 1) * sizeof(root_cell) + (checks_enabled ? count * sizeof(jlt_value *) : 0);
}

static jlt_value **values_of(struct kept *kept)
{
    uintptr_t end = (uintptr_t)&kept->cells[kept->count], aligned = (end + 7) & ~(uintptr_t)7;
    return checks_enabled ? (jlt_value **)aligned : NULL;
}

/* ---- use and misuse ---- */

/* Always false. */
static bool misuse(const char *call, const char *rule)
{
    if (checks_enabled)
        checks_abort(call, rule);
    error_fail(JLT_INVALID_ARGUMENT, "%s: %s", call, rule);
    return false;
}

bool frame_is_usable(const jlt_frame *frame, const char *call)
{
    if (__builtin_expect(frame && frame->open && current_fiber == &frame->fiber->base, 1))
        return true;
    if (fork_is_child()) {
        fork_report();
        return false;
    }
    if (!frame) {
        error_fail(JLT_INVALID_ARGUMENT, "%s: frame is NULL", call);
        return false;
    }
    if (!frame->open)
        return misuse(call, "the frame was used after its message or scope had ended");
    if (frame->fiber->task == julia.get_current_task()) /* in C that Julia called from the body */
        return true;
    if (helpers_is_one())
        return misuse(call, "the frame was used in work that jlt_blocking does");
    return misuse(call, "the frame was used outside the task body that it was given to");
}

bool frame_enter(const jlt_frame *frame, const char *call)
{
    return frame_is_usable(frame, call) && !frame->base->failed;
}

/* ---- open and close ---- */

jlt_frame *frames_new(void)
{
    return quarantine_new(sizeof(jlt_frame));
}

static jlt_frame *push(struct julia_fiber *fiber)
{
    jlt_frame *frame = fiber->spare_frames;
    if (frame)
        fiber->spare_frames = frame->outer;
    else if (!(frame = frames_new()))
        return NULL;
    memset(frame, 0, offsetof(jlt_frame, roots.values));
    memset((char *)frame + offsetof(jlt_frame, roots.chunks), 0, sizeof *frame - offsetof(jlt_frame, roots.chunks));
    frame->fiber = fiber;
    frame->open = true;
    frame->outer = fiber->frame;
    frame->base = frame->outer ? frame->outer->base : frame;
    fiber->frame = frame;
    return frame;
}

static void free_slots(struct jlt_slot *slots)
{
    while (slots) {
        struct jlt_slot *slot = slots;
        slots = slot->next;
        quarantine_free(slot, sizeof *slot);
    }
}

/* The same frame, no longer open, or another in its place. */
static jlt_frame *spare_of(jlt_frame *closed)
{
    jlt_frame *other = quarantine_enabled ? frames_new() : NULL;
    if (!other)
        return closed;
    quarantine_free(closed, sizeof *closed);
    return other;
}

/* Closes the innermost frame of the fiber. */
static void pop(struct julia_fiber *fiber)
{
    jlt_frame *frame = fiber->frame;
    fiber->frame = frame->outer;
    known_forget_list(&frame->roots);
    root_list_clear(&frame->roots);
    free_slots(frame->slots);
    frame->open = false;
    frame = spare_of(frame);
    frame->outer = fiber->spare_frames;
    fiber->spare_frames = frame;
}

static jlt_frame *open_frame(struct fiber *fiber)
{
    return push((struct julia_fiber *)fiber);
}

/* Turns the failure into an error, the caller's; the frame has none any more. Describing an exception can take a
 * millisecond, so it is not done where nobody wants to know. */
static struct error *take_failure(jlt_frame *base, bool wanted)
{
    struct error *error = base->error;
    if (base->exception)
        error = wanted ? julia_describe(base->exception) : error_constant(JLT_EXCEPTION);
    base->failed = false;
    base->error = NULL;
    base->exception = NULL;
    return error;
}

static struct error *close_frame(jlt_frame *frame, bool wanted)
{
    struct julia_fiber *fiber = frame->fiber;
    while (fiber->frame != frame) /* scopes left open */
        pop(fiber);
    struct error *error = frame->failed ? take_failure(frame, wanted) : NULL;
    pop(fiber);
    error_none(); /* of the body's last call: the next body is none of its business */
    return error;
}

void frames_mark(const jlt_frame *innermost, void *ptls)
{
    for (const jlt_frame *frame = innermost; frame; frame = frame->outer) {
        root_list_mark(&frame->roots, ptls);
        if (frame->exception)
            julia.gc_mark_queue_obj(ptls, frame->exception);
        if (frame->caught)
            julia.gc_mark_queue_obj(ptls, frame->caught);
    }
}

void frames_free(jlt_frame *spare)
{
    while (spare) {
        jlt_frame *frame = spare;
        spare = frame->outer;
        quarantine_free(frame, sizeof *frame);
    }
}

/* ---- what tasks keep ---- */

/* Moves the rooted values into pages. The frame stays open, and its own roots with it, until all is stored. */
static bool keep_values(jlt_frame *frame, struct root_pages *pages, struct kept *kept)
{
    jlt_value **values = malloc((kept->count + 1) * sizeof *values);
    if (!values || !root_pages_take(pages, kept->count, kept->cells)) {
        free(values);
        return false;
    }
    root_list_copy(&frame->roots, values);
    for (size_t i = 0; i < kept->count; i++)
        root_pages_store(pages, kept->cells[i], values[i]);
    if (checks_enabled)
        memcpy(values_of(kept), values, kept->count * sizeof *values);
    known_add(values, kept->count);
    free(values);
    return true;
}

/* The position of a cell of a root list in what root_list_copy makes of it. */
static size_t position(const struct root_list *list, jlt_value *const *cell)
{
    if (cell >= list->values && cell < list->values + list->count)
        return (size_t)(cell - list->values);
    size_t before = list->count;
    for (const struct root_chunk *chunk = list->chunks; chunk; chunk = chunk->next) {
        if (cell >= chunk->values && cell < chunk->values + chunk->count)
            return before + (size_t)(cell - chunk->values);
        before += chunk->count;
    }
    return 0; /* not reached: slots are made by the list they are looked up in */
}

static bool keep_frame(jlt_frame *frame, void **result)
{
    struct julia_fiber *fiber = frame->fiber;
    struct root_pages *pages = &julia_worker_of(fiber->base.worker)->pages;
    while (fiber->frame != frame)
        pop(fiber);
    if (frame->failed)
        return false;
    size_t count = root_list_length(&frame->roots);
    if (count) {
        struct kept *kept = malloc(kept_size(count));
        if (kept)
            kept->count = count;
        if (!kept || !keep_values(frame, pages, kept)) {
            free(kept);
            frame_fail(frame, JLT_NO_MEMORY, "no memory for what init has rooted");
            return false;
        }
        for (struct jlt_slot *slot = frame->slots; slot; slot = slot->next) {
            size_t at = position(&frame->roots, slot->cell);
            slot->page_cell = kept->cells[at];
            slot->pages = pages;
            slot->cell = checks_enabled ? &values_of(kept)[at] : NULL;
        }
        kept->pages = pages;
        kept->slots = frame->slots;
        frame->slots = NULL;
        *result = kept;
    }
    pop(fiber);
    return true;
}

static void release(void *data)
{
    struct kept *kept = data;
    known_forget(values_of(kept), kept->count); /* while they are alive */
    root_pages_give_back(kept->pages, kept->count, kept->cells);
    free_slots(kept->slots);
    free(kept);
}

const struct engine *frame_engine(void)
{
    static struct engine engine;
    engine = julia_engine;
    engine.frame_open = open_frame;
    engine.frame_close = close_frame;
    engine.frame_keep = keep_frame;
    engine.release = release;
    return &engine;
}

/* ---- failing and rooting ---- */

void frame_fail(jlt_frame *frame, jlt_status status, const char *format, ...)
{
    if (frame->base->failed)
        return;
    va_list arguments;
    va_start(arguments, format);
    frame->base->error = error_vformat(status, format, arguments);
    frame->base->failed = true;
    va_end(arguments);
}

jlt_value *frame_root(jlt_frame *frame, jlt_value *value)
{
    if (!value)
        return NULL;
    if (!root_list_add(&frame->roots, value)) {
        frame_fail(frame, JLT_NO_MEMORY, "no memory for another root");
        return NULL;
    }
    known_add(&value, 1);
    julia_may_collect();
    return value;
}

jlt_value *frame_take(jlt_frame *frame, struct outcome outcome)
{
    if (frame->base->failed) { /* in C that Julia called: the first failure is the one that is kept */
        error_free(outcome.error);
        return NULL;
    }
    if (!outcome.failed)
        return frame_root(frame, outcome.value);
    frame->base->error = outcome.error;
    frame->base->exception = outcome.error ? NULL : outcome.value;
    frame->base->failed = true;
    julia_may_collect();
    return NULL;
}

void *frame_late(jlt_frame *frame, struct julia_function *function)
{
    struct outcome outcome = {.failed = true};
    void *pointer = bootstrap_function(function, &outcome.error);
    if (!pointer)
        frame_take(frame, outcome);
    return pointer;
}

bool frame_wants(jlt_frame *frame, const void *value, const char *call, const char *what)
{
    if (value)
        return true;
    frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: %s is NULL", call, what);
    return false;
}

bool frame_wants_value(jlt_frame *frame, jlt_value *value, const char *call, const char *what)
{
    if (!frame_wants(frame, value, call, what))
        return false;
    known_expect(value, call, what);
    return true;
}

/* ---- the API ---- */

static const char slot_ended[] = "the slot was used after its frame or scope had ended";

jlt_frame *jlt_scope_open(jlt_frame *frame)
{
    if (!frame_is_usable(frame, __func__))
        return NULL;
    if (frame->fiber->frame != frame) {
        /* a scope inside is still open: the new one goes inside that, or roots would be lost when it is closed */
        frame = frame->fiber->frame;
    }
    jlt_frame *scope = push(frame->fiber);
    if (!scope)
        frame_fail(frame, JLT_NO_MEMORY, "no memory for a scope");
    return scope;
}

void jlt_scope_close(jlt_frame *scope)
{
    if (!frame_is_usable(scope, __func__))
        return;
    if (!scope->outer) {
        frame_fail(scope, JLT_INVALID_ARGUMENT, "jlt_scope_close: this is the message's frame, not a scope");
        return;
    }
    struct julia_fiber *fiber = scope->fiber;
    while (fiber->frame != scope)
        pop(fiber);
    pop(fiber);
}

jlt_value *jlt_root(jlt_frame *frame, jlt_value *value)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return NULL;
    return frame_root(frame, value);
}

jlt_slot *jlt_slot_new(jlt_frame *frame, jlt_value *value)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return NULL;
    struct jlt_slot *slot = quarantine_new(sizeof *slot);
    jlt_value **cell = slot ? root_list_add(&frame->roots, value) : NULL;
    if (!cell) {
        quarantine_free(slot, sizeof *slot);
        frame_fail(frame, JLT_NO_MEMORY, "no memory for a slot");
        return NULL;
    }
    known_add(&value, 1);
    slot->life = LIFE_ALIVE;
    slot->value = value;
    slot->cell = cell;
    slot->next = frame->slots;
    frame->slots = slot;
    return slot;
}

jlt_value *jlt_slot_get(jlt_frame *frame, const jlt_slot *slot)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, slot, __func__, "slot"))
        return NULL;
    quarantine_expect(&slot->life, __func__, slot_ended);
    return frame_root(frame, slot->value);
}

void jlt_slot_set(jlt_frame *frame, jlt_slot *slot, jlt_value *value)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, slot, __func__, "slot") ||
        !frame_wants_value(frame, value, __func__, "value"))
        return;
    quarantine_expect(&slot->life, __func__, slot_ended);
    known_add(&value, 1);
    known_forget(&slot->value, 1);
    slot->value = value;
    if (slot->cell)
        *slot->cell = value;
    if (slot->pages)
        root_pages_store(slot->pages, slot->page_cell, value);
    julia_may_collect();
}

bool jlt_ok(const jlt_frame *frame)
{
    return frame_enter(frame, __func__);
}

bool jlt_cancelled(const jlt_frame *frame)
{
    if (!frame || !frame_is_usable(frame, __func__))
        return false;
    const struct message *message = frame->fiber->base.message;
    return message && message_is_given_up(message);
}

void jlt_fail(jlt_frame *frame, const char *format, ...)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, format, __func__, "format"))
        return;
    va_list arguments;
    va_start(arguments, format);
    frame->base->error = error_vformat(JLT_FAILED, format, arguments);
    frame->base->failed = true;
    va_end(arguments);
}

jlt_status jlt_catch(jlt_frame *frame)
{
    if (!frame_is_usable(frame, __func__))
        return error_last()->status;
    jlt_frame *base = frame->base;
    base->caught = base->exception; /* also a root while its text is made */
    return base->failed ? error_report(take_failure(base, true)) : error_none();
}

static struct outcome value_of(jlt_value *failure, int *none)
{
    RETURN_LATE(caught_value, failure, none);
}

jlt_value *jlt_caught(jlt_frame *frame)
{
    int none = 0;
    if (!frame_enter(frame, __func__) || !frame->base->caught)
        return NULL;
    julia_may_collect();
    struct outcome outcome = value_of(frame->base->caught, &none);
    return none ? NULL : frame_take(frame, outcome);
}
