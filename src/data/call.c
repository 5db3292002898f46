/* SPDX-License-Identifier: MIT
 *
 * Calls with keywords, of collections, of each element; and calls that run as Julia tasks of their own. */
#include "data/value.h"

#include "base/sized.h"
#include "data/known.h"
#include "julia/bootstrap.h"

static const char julia_text[] = {
#include "call.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:call.jl", 0};

JULIA_FUNCTION(source, jlt_value *, call_kw,
               (jlt_value * keywords, jlt_value *function, jlt_value *const *arguments, size_t count, int *failed),
               "Any, (Any, Any, Ptr{Any}, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, call_splat, (jlt_value * function, jlt_value *collection, int *failed),
               "Any, (Any, Any, Failed)");
JULIA_FUNCTION(source, jlt_value *, call_broadcast,
               (jlt_value * function, jlt_value *const *arguments, size_t count, int *failed),
               "Any, (Any, Ptr{Any}, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, spawn,
               (jlt_value * function, jlt_value *const *arguments, size_t count, int *failed),
               "Any, (Any, Ptr{Any}, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, spawn_with,
               (jlt_value * keywords, int interactive, jlt_value *function, jlt_value *const *arguments, size_t count,
                int *failed),
               "Any, (Any, Cint, Any, Ptr{Any}, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, fetch_task, (jlt_value * task, int *failed), "Any, (Any, Failed)");

/* ---- arguments ---- */

struct call {
    jlt_value *function, *const *arguments;
    size_t count;
};

/* False, and the frame fails: something is NULL. */
static bool is_complete(jlt_frame *frame, const char *name, const struct call *call)
{
    if (!call->function) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: the function is NULL", name);
        return false;
    }
    known_expect(call->function, name, "the function");
    if (call->count && !frame_wants(frame, call->arguments, name, "arguments"))
        return false;
    if (!values_check(frame, name, "argument", call->arguments, call->count))
        return false;
    julia_may_collect();
    return true;
}

/* The function and its arguments, ended by JLT_LIST_END. */
static bool take_list(jlt_frame *frame, const char *name, jlt_value *const *list, struct call *call)
{
    if (!frame_wants(frame, list, name, "list"))
        return false;
    size_t length = value_count(list);
    if (!length) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: the list is empty", name);
        return false;
    }
    *call = (struct call){list[0], list + 1, length - 1};
    return is_complete(frame, name, call);
}

/* ---- keywords ---- */

static struct outcome with_keywords(jlt_value *keywords, const struct call *call)
{
    RETURN_LATE(call_kw, keywords, call->function, call->arguments, call->count, &failed);
}

jlt_value *jlt_call_kw_list(jlt_frame *frame, jlt_value *keywords, jlt_value *const *list)
{
    static const char name[] = "jlt_call_kw";
    struct call call;
    if (!frame_enter(frame, name) || !frame_wants_value(frame, keywords, name, "keywords") ||
        !take_list(frame, name, list, &call))
        return NULL;
    return frame_take(frame, with_keywords(keywords, &call));
}

jlt_value *jlt_call_kw_n(jlt_frame *frame, jlt_value *keywords, jlt_value *function, jlt_value *const *arguments,
                         size_t count)
{
    struct call call = {function, arguments, count};
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, keywords, __func__, "keywords") ||
        !is_complete(frame, __func__, &call))
        return NULL;
    return frame_take(frame, with_keywords(keywords, &call));
}

/* ---- collections ---- */

static struct outcome splat(jlt_value *function, jlt_value *collection)
{
    RETURN_LATE(call_splat, function, collection, &failed);
}

jlt_value *jlt_call_splat(jlt_frame *frame, jlt_value *function, jlt_value *collection)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, function, __func__, "the function") ||
        !frame_wants_value(frame, collection, __func__, "collection"))
        return NULL;
    julia_may_collect();
    return frame_take(frame, splat(function, collection));
}

static struct outcome over_elements(const struct call *call)
{
    RETURN_LATE(call_broadcast, call->function, call->arguments, call->count, &failed);
}

jlt_value *jlt_broadcast_list(jlt_frame *frame, jlt_value *const *list)
{
    struct call call;
    if (!frame_enter(frame, "jlt_broadcast") || !take_list(frame, "jlt_broadcast", list, &call))
        return NULL;
    return frame_take(frame, over_elements(&call));
}

jlt_value *jlt_broadcast_n(jlt_frame *frame, jlt_value *function, jlt_value *const *arguments, size_t count)
{
    struct call call = {function, arguments, count};
    if (!frame_enter(frame, __func__) || !is_complete(frame, __func__, &call))
        return NULL;
    return frame_take(frame, over_elements(&call));
}

/* ---- tasks ---- */

static struct outcome start(const struct call *call)
{
    RETURN_LATE(spawn, call->function, call->arguments, call->count, &failed);
}

jlt_value *jlt_spawn_list(jlt_frame *frame, jlt_value *const *list)
{
    struct call call;
    if (!frame_enter(frame, "jlt_spawn") || !take_list(frame, "jlt_spawn", list, &call))
        return NULL;
    return frame_take(frame, start(&call));
}

jlt_value *jlt_spawn_n(jlt_frame *frame, jlt_value *function, jlt_value *const *arguments, size_t count)
{
    struct call call = {function, arguments, count};
    if (!frame_enter(frame, __func__) || !is_complete(frame, __func__, &call))
        return NULL;
    return frame_take(frame, start(&call));
}

/* False, and the frame fails: the caller knows options that this version does not. */
static bool take_options(jlt_frame *frame, const char *name, const jlt_spawn_options *options, size_t size,
                         jlt_spawn_options *taken)
{
    *taken = (jlt_spawn_options){NULL, false};
    if (!sized_take(taken, sizeof *taken, options, size)) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: options has members that this version of jltask does not have",
                   name);
        return false;
    }
    if (taken->keywords)
        known_expect(taken->keywords, name, "keywords");
    return true;
}

static struct outcome start_with(const jlt_spawn_options *options, const struct call *call)
{
    jlt_value *keywords = options->keywords ? options->keywords : bootstrap.nothing;
    RETURN_LATE(spawn_with, keywords, options->interactive, call->function, call->arguments, call->count, &failed);
}

jlt_value *jlt_spawn_with_list(jlt_frame *frame, const jlt_spawn_options *options, size_t options_size,
                               jlt_value *const *list)
{
    static const char name[] = "jlt_spawn_with";
    jlt_spawn_options taken;
    struct call call;
    if (!frame_enter(frame, name) || !take_options(frame, name, options, options_size, &taken) ||
        !take_list(frame, name, list, &call))
        return NULL;
    return frame_take(frame, start_with(&taken, &call));
}

jlt_value *jlt_spawn_with_n_sized(jlt_frame *frame, const jlt_spawn_options *options, size_t options_size,
                                  jlt_value *function, jlt_value *const *arguments, size_t count)
{
    static const char name[] = "jlt_spawn_with_n";
    jlt_spawn_options taken;
    struct call call = {function, arguments, count};
    if (!frame_enter(frame, name) || !take_options(frame, name, options, options_size, &taken) ||
        !is_complete(frame, name, &call))
        return NULL;
    return frame_take(frame, start_with(&taken, &call));
}

static struct outcome await(jlt_value *task)
{
    RETURN_LATE(fetch_task, task, &failed);
}

jlt_value *jlt_fetch(jlt_frame *frame, jlt_value *task)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, task, __func__, "task"))
        return NULL;
    julia_may_collect();
    return frame_take(frame, await(task));
}
