/* SPDX-License-Identifier: MIT
 *
 * Julia ends the process when its start fails. So whatever can be wrong is looked for before (options.h), and what
 * only Julia can judge is tried in a process of its own. It also ends the process if a standard stream is closed. */
#include "julia/start.h"

#include "base/error.h"
#include "julia/bootstrap.h"
#include "julia/engine.h"
#include "julia/find.h"
#include "julia/options.h"
#include "julia/symbols.h"
#include "platform/platform.h"

/* A thread with nothing to do spins in Julia's scheduler before it sleeps, 0.1 ms since 1.6, uncounted and beside those
 * of jltask's that know better (core/spin.h): on a machine with few cores it takes the time of who has work. Julia reads
 * this once, at its start. 1.5 does not, and spins 4 ms. */
static const char idle_spin[] = "JULIA_THREAD_SLEEP_THRESHOLD=10000"; /* ns */

static void initialise(const struct julia_place *place, const char *image)
{
    struct host_signals signals;
    struct platform_environment environment;
    platform_signals_save(&signals);
    platform_environment_add(&environment, idle_spin);
    if (julia.init_with_image_file)
        julia.init_with_image_file(place->bindir, image);
    else if (julia.init_with_image)
        julia.init_with_image(place->bindir, image);
    else
        julia.init_with_image__threading(place->bindir, image);
    platform_environment_restore(&environment, "JULIA_THREAD_SLEEP_THRESHOLD");
    platform_signals_restore(&signals);
}

static jlt_status start_at(const struct julia_place *place, const jlt_options *options, bool *initialised)
{
    jlt_status status = options_try(place, options);
    if (status == JLT_OK)
        status = julia_load(place->library);
    if (status != JLT_OK)
        return status;
    if (julia.is_initialized())
        return error_fail(JLT_ALREADY_STARTED, "Julia was started in this process by somebody else");
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

jlt_status julia_start(const jlt_options *options, bool *initialised)
{
    struct julia_place place;
    *initialised = false;
    platform_open_standard_streams();
    jlt_status status = options_check(options);
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
