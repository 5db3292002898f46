/* SPDX-License-Identifier: MIT
 *
 * Globals: looked up by path (julia/globals.c), and set. What look-ups remember of Base and Core are constants, which
 * setting never changes; a variable's value is read each time. */
#include "data/value.h"

#include "julia/bootstrap.h"
#include "julia/symbols.h"

#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "global.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:global.jl", 0};

JULIA_FUNCTION(source, jlt_value *, set_member,
               (jlt_value * module, jlt_value *name, const char *path, jlt_value *value, int constant, int *failed),
               "Any, (Any, Any, Ptr{UInt8}, Any, Cint, Failed)");

jlt_value *jlt_global(jlt_frame *frame, const char *path)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, path, __func__, "path"))
        return NULL;
    return frame_take(frame, julia_global(path));
}

jlt_value *jlt_global_static(jlt_frame *frame, jlt_static_global *global)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, global, __func__, "global") ||
        !frame_wants(frame, global->path, __func__, "global->path"))
        return NULL;
    return frame_take(frame, julia_global_known(global->path, &global->known));
}

/* ---- setting ---- */

/* What the first `length` bytes of the path lead to, rooted in the frame; NULL, and the frame fails. */
static jlt_value *module_of(jlt_frame *frame, const char *path, size_t length)
{
    if (!length || (length == 4 && !memcmp(path, "Main", 4)))
        return bootstrap.Main;
    char *prefix = strndup(path, length);
    if (!prefix) {
        frame_fail(frame, JLT_NO_MEMORY, "no memory for a path");
        return NULL;
    }
    jlt_value *module = frame_take(frame, julia_global(prefix));
    free(prefix);
    return module;
}

static struct outcome assign(jlt_value *module, jlt_value *name, const char *path, jlt_value *value, bool constant)
{
    RETURN_LATE(set_member, module, name, path, value, constant, &failed);
}

static bool set(jlt_frame *frame, const char *call, const char *path, jlt_value *value, bool constant)
{
    if (!frame_enter(frame, call) || !frame_wants(frame, path, call, "path") ||
        !frame_wants_value(frame, value, call, "value"))
        return false;
    const char *dot = strrchr(path + (*path != 0), '.');
    jlt_value *name = julia.symbol(dot ? dot + 1 : path);
    jlt_frame *scope = jlt_scope_open(frame); /* the module may be one that its own variable alone keeps */
    jlt_value *module = scope ? module_of(scope, path, dot ? (size_t)(dot - path) : 0) : NULL;
    julia_may_collect();
    bool done = module && value_passed(frame, assign(module, name, path, value, constant));
    if (scope)
        jlt_scope_close(scope);
    return done;
}

bool jlt_set_global(jlt_frame *frame, const char *path, jlt_value *value)
{
    return set(frame, __func__, path, value, false);
}

bool jlt_set_const(jlt_frame *frame, const char *path, jlt_value *value)
{
    return set(frame, __func__, path, value, true);
}
