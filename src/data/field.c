/* SPDX-License-Identifier: MIT
 *
 * Fields and properties, by name and by position. */
#include "data/value.h"

#include "julia/bootstrap.h"
#include "julia/symbols.h"

#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "field.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:field.jl", 0};

JULIA_FUNCTION(source, jlt_value *, get_field, (const char *call, jlt_value *value, jlt_value *name, int *failed),
               "Any, (Ptr{UInt8}, Any, Any, Failed)");
JULIA_FUNCTION(source, jlt_value *, set_field, (jlt_value * value, jlt_value *name, jlt_value *field, int *failed),
               "Any, (Any, Any, Any, Failed)");
JULIA_FUNCTION(source, jlt_value *, has_field, (jlt_value * value, jlt_value *name, int *has, int *failed),
               "Any, (Any, Any, Ptr{Cint}, Failed)");
JULIA_FUNCTION(source, size_t, count_fields, (jlt_value * value), "Csize_t, (Any,)");
JULIA_FUNCTION(source, jlt_value *, get_field_at, (jlt_value * value, size_t position, int *failed),
               "Any, (Any, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, set_field_at, (jlt_value * value, size_t position, jlt_value *field, int *failed),
               "Any, (Any, Csize_t, Any, Failed)");
JULIA_FUNCTION(source, jlt_value *, name_of_field, (jlt_value * value, size_t position, const char **name, int *failed),
               "Any, (Any, Csize_t, Ptr{Ptr{UInt8}}, Failed)");

/* ---- by name ---- */

static struct outcome get(const char *call, jlt_value *value, jlt_value *name)
{
    RETURN_LATE(get_field, call, value, name, &failed);
}

jlt_value *jlt_field_get(jlt_frame *frame, jlt_value *value, const char *name)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value") ||
        !frame_wants(frame, name, __func__, "name"))
        return NULL;
    julia_may_collect();
    return frame_take(frame, get(__func__, value, julia.symbol(name)));
}

/* Follows the names, which it takes apart; what lies between is rooted in the scope. */
static jlt_value *follow(jlt_frame *scope, jlt_value *value, char *names)
{
    for (char *name = names, *end; value && name; name = end) {
        end = strchr(name, '.');
        if (end)
            *end++ = '\0';
        value = frame_take(scope, get("jlt_field_path", value, julia.symbol(name)));
    }
    return value;
}

static bool has_empty_name(const char *path)
{
    return !*path || *path == '.' || path[strlen(path) - 1] == '.' || strstr(path, "..");
}

jlt_value *jlt_field_path(jlt_frame *frame, jlt_value *value, const char *path)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value") ||
        !frame_wants(frame, path, __func__, "path"))
        return NULL;
    if (has_empty_name(path)) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_field_path: \"%s\" has a name that is empty", path);
        return NULL;
    }
    jlt_frame *scope = jlt_scope_open(frame);
    char *names = strdup(path);
    if (!names)
        frame_fail(frame, JLT_NO_MEMORY, "no memory for a path");
    julia_may_collect();
    jlt_value *field = scope && names ? follow(scope, value, names) : NULL;
    free(names);
    field = field ? frame_root(frame, field) : NULL;
    if (scope)
        jlt_scope_close(scope);
    return field;
}

static struct outcome set(jlt_value *value, jlt_value *name, jlt_value *field)
{
    RETURN_LATE(set_field, value, name, field, &failed);
}

bool jlt_field_set(jlt_frame *frame, jlt_value *value, const char *name, jlt_value *field)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value") ||
        !frame_wants(frame, name, __func__, "name") || !frame_wants_value(frame, field, __func__, "field"))
        return false;
    julia_may_collect();
    return value_passed(frame, set(value, julia.symbol(name), field));
}

static struct outcome has(jlt_value *value, jlt_value *name, int *result)
{
    RETURN_LATE(has_field, value, name, result, &failed);
}

bool jlt_has_field(jlt_frame *frame, jlt_value *value, const char *name)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value") ||
        !frame_wants(frame, name, __func__, "name"))
        return false;
    int result = 0;
    julia_may_collect();
    return value_passed(frame, has(value, julia.symbol(name), &result)) && result;
}

/* ---- by position ---- */

size_t jlt_field_count(jlt_frame *frame, jlt_value *value)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return 0;
    count_fields_function *count = FRAME_LATE(frame, count_fields);
    return count ? count(value) : 0;
}

static struct outcome get_at(jlt_value *value, size_t position)
{
    RETURN_LATE(get_field_at, value, position, &failed);
}

jlt_value *jlt_field_at(jlt_frame *frame, jlt_value *value, size_t position)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return NULL;
    julia_may_collect();
    return frame_take(frame, get_at(value, position));
}

static struct outcome set_at(jlt_value *value, size_t position, jlt_value *field)
{
    RETURN_LATE(set_field_at, value, position, field, &failed);
}

bool jlt_field_set_at(jlt_frame *frame, jlt_value *value, size_t position, jlt_value *field)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value") ||
        !frame_wants_value(frame, field, __func__, "field"))
        return false;
    julia_may_collect();
    return value_passed(frame, set_at(value, position, field));
}

static struct outcome name_at(jlt_value *value, size_t position, const char **name)
{
    RETURN_LATE(name_of_field, value, position, name, &failed);
}

const char *jlt_field_name(jlt_frame *frame, jlt_value *value, size_t position)
{
    const char *name = NULL;
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return NULL;
    return value_passed(frame, name_at(value, position, &name)) ? name : NULL;
}
