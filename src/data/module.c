/* SPDX-License-Identifier: MIT
 *
 * Code that comes as a file, a package or a module, and the project that packages are looked up in. All of it is
 * Julia's own loading, in Main, and belongs to the process: nothing is remembered here. */
#include "data/frame.h"

#include "julia/bootstrap.h"

static const char julia_text[] = {
#include "module.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:module.jl", 0};

JULIA_FUNCTION(source, jlt_value *, include_file, (const char *path, int *failed), "Any, (Ptr{UInt8}, Failed)");
JULIA_FUNCTION(source, jlt_value *, use_package, (const char *name, int *failed), "Any, (Ptr{UInt8}, Failed)");
JULIA_FUNCTION(source, jlt_value *, activate, (const char *path, int *failed), "Any, (Ptr{UInt8}, Failed)");
JULIA_FUNCTION(source, jlt_value *, module_once, (const char *name, const char *code, int *failed),
               "Any, (Ptr{UInt8}, Ptr{UInt8}, Failed)");

static struct outcome include_path(const char *path)
{
    RETURN_LATE(include_file, path, &failed);
}

static struct outcome use(const char *name)
{
    RETURN_LATE(use_package, name, &failed);
}

static struct outcome activate_project(const char *path)
{
    RETURN_LATE(activate, path, &failed);
}

static struct outcome define(const char *name, const char *code)
{
    RETURN_LATE(module_once, name, code, &failed);
}

jlt_value *jlt_include(jlt_frame *frame, const char *path)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, path, __func__, "path"))
        return NULL;
    return frame_take(frame, include_path(path));
}

jlt_value *jlt_using(jlt_frame *frame, const char *package)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, package, __func__, "package"))
        return NULL;
    return frame_take(frame, use(package));
}

bool jlt_activate(jlt_frame *frame, const char *project)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, project, __func__, "project"))
        return false;
    return frame_take(frame, activate_project(project)) != NULL;
}

jlt_value *jlt_module_once(jlt_frame *frame, const char *name, const char *code)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, name, __func__, "name") ||
        !frame_wants(frame, code, __func__, "code"))
        return NULL;
    return frame_take(frame, define(name, code));
}
