/* SPDX-License-Identifier: MIT
 *
 * Julia ends the process when its start fails. So whatever can be wrong is looked for before (options.h), and what
 * only Julia can judge is tried in a process of its own. It also ends the process if a standard stream is closed. */
#include "julia/start.h"

#include "base/error.h"
#include "julia/bootstrap.h"
#include "julia/engine.h"
#include "julia/find.h"
#include "julia/imports.h"
#include "julia/options.h"
#include "julia/symbols.h"
#include "platform/platform.h"

#include <string.h>

static void initialise(const struct julia_place *place, const char *image)
{
    imports_begin_start();
    if (julia.init_with_image_file)
        julia.init_with_image_file(place->bindir, image);
    else if (julia.init_with_image)
        julia.init_with_image(place->bindir, image);
    else
        julia.init_with_image__threading(place->bindir, image);
    imports_end_start();
}

/* If this is a jltask that has started Julia: says so. */
static bool report_other(const char *path, void *symbol)
{
    const char *(*version)(void);
    memcpy(&version, &symbol, sizeof version);
    if (!*version())
        return false;
    error_fail(JLT_ALREADY_STARTED, "Julia was started in this process by another copy of jltask, %s", path);
    return true;
}

static jlt_status already_started(void)
{
    error_fail(JLT_ALREADY_STARTED, "Julia was started in this process by somebody else, not by jltask");
    platform_each_definition("jlt_julia_version", &julia, report_other);
    return JLT_ALREADY_STARTED;
}

static jlt_status start_at(const struct julia_place *place, const jlt_options *options, bool *initialised)
{
    jlt_status status = options_try(place, options);
    if (status == JLT_OK)
        status = julia_load(place->library);
    if (status != JLT_OK)
        return status;
    if (julia.is_initialized())
        return already_started();
    status = options_set(options);
    if (status != JLT_OK)
        return status;
    char *image = platform_real_path(options->sysimage ? options->sysimage : place->image);
    if (!image)
        return error_fail(JLT_NO_JULIA, "no usable Julia: the system image %s is gone", place->image);
    *initialised = true;
    initialise(place, image); /* keeps image */
    status = bootstrap_load();
    return status == JLT_OK ? options_apply(options) : status;
}

/* Without descriptors Julia's start ends the process: it opens up to 19, and jltask one a worker. */
static jlt_status check_descriptors(void)
{
    enum { needed = 24 };
    int left = platform_descriptors_left(needed);
    if (left >= needed)
        return JLT_OK;
    return error_fail(JLT_NO_JULIA,
                      "Julia cannot be started: this process may open %d more file descriptors, and %d "
                      "are needed (the limit RLIMIT_NOFILE, ulimit -n)",
                      left, needed);
}

jlt_status julia_start(const jlt_options *options, bool *initialised)
{
    struct julia_place place;
    *initialised = false;
    platform_open_standard_streams();
    jlt_status status = options_check(options);
    if (status == JLT_OK)
        status = check_descriptors();
    if (status == JLT_OK)
        status = julia_find(options->julia, &place);
    if (status != JLT_OK)
        return status;
    status = start_at(&place, options, initialised);
    if (!*initialised) /* Julia keeps bindir */
        julia_place_finish(&place);
    return status;
}

void julia_end(void)
{
    julia.atexit_hook(0);
    julia_engine_finish();
    if (julia.gc_safe_enter)
        julia.gc_safe_enter(); /* threads of Julia's that go on must not wait for this one */
}
