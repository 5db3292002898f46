/* SPDX-License-Identifier: MIT
 *
 * Julia ends the process when its start fails. So whatever can be wrong is looked for before, and a system image of
 * the user's, which only Julia can judge, is tried in a process of its own. */
#include "julia/start.h"

#include "base/error.h"
#include "julia/bootstrap.h"
#include "julia/engine.h"
#include "julia/find.h"
#include "julia/symbols.h"
#include "platform/platform.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t image_answers_within_ns = 120 * (int64_t)1000000000;

static int minor_version(void)
{
    int major = 0, minor = 0;
    sscanf(julia.ver_string(), "%d.%d", &major, &minor);
    return major > 1 ? 999 : minor;
}

/* The number that JULIA_NUM_THREADS begins with ("4", "4,1"), else ("auto", nothing) the processors. */
static int default_threads(void)
{
    const char *text = getenv("JULIA_NUM_THREADS");
    int threads = text ? atoi(text) : 0;
    return threads > 0 && threads <= max_workers ? threads : platform_processors();
}

static jlt_status check_options(const jlt_options *options)
{
    if (options->threads < 0 || options->threads > max_workers)
        return error_fail(JLT_INVALID_ARGUMENT, "options.threads is %d, not 0 to %d", options->threads, max_workers);
    if (options->interactive_threads < 0 || options->interactive_threads > max_workers)
        return error_fail(JLT_INVALID_ARGUMENT, "options.interactive_threads is %d, not 0 to %d",
                          options->interactive_threads, max_workers);
    if (options->sysimage && !platform_is_file(options->sysimage))
        return error_fail(JLT_INVALID_ARGUMENT, "options.sysimage: no file %s", options->sysimage);
    if (options->project && !platform_is_file(options->project) && !platform_is_folder(options->project))
        return error_fail(JLT_INVALID_ARGUMENT, "options.project: no file or folder %s", options->project);
    return JLT_OK;
}

/* Whether this Julia starts with that image. */
static jlt_status check_image(const struct julia_place *place, const char *image)
{
    char option[4096];
    snprintf(option, sizeof option, "--sysimage=%s", image);
    const char *const arguments[] = {place->executable, option, "--startup-file=no", "-e", "print(1)", NULL};
    char *answer = platform_run(arguments, image_answers_within_ns);
    bool good = answer && !strcmp(answer, "1");
    free(answer);
    if (good)
        return JLT_OK;
    return error_fail(JLT_NO_JULIA, "options.sysimage: %s does not start with %s", place->executable, image);
}

/* Hands the flags to Julia as its own command line would. The strings stay Julia's. */
static jlt_status set_flags(const jlt_options *options)
{
    static char threads[64], project[4096];
    int count = options->threads ? options->threads : default_threads();
    bool pools = minor_version() >= 9;
    if (options->interactive_threads && !pools)
        return error_fail(JLT_INVALID_ARGUMENT,
                          "options.interactive_threads: Julia %s has no interactive threads; 1.9 or later has",
                          julia.ver_string());
    if (options->interactive_threads || minor_version() >= 12) /* 1.12 adds an interactive thread unasked */
        snprintf(threads, sizeof threads, "--threads=%d,%d", count, options->interactive_threads);
    else
        snprintf(threads, sizeof threads, "--threads=%d", count);
    char *arguments[8] = {"julia", threads, "--startup-file=no", "--history-file=no"};
    int argument_count = 4;
    if (options->project) {
        if (snprintf(project, sizeof project, "--project=%s", options->project) >= (int)sizeof project)
            return error_fail(JLT_INVALID_ARGUMENT, "options.project is too long");
        arguments[argument_count++] = project;
    }
    char **rest = arguments;
    /* jl_parse_opts uses getopt, whose state is the host's */
    int saved_optind = optind, saved_opterr = opterr, saved_optopt = optopt;
    char *saved_optarg = optarg;
    optind = 1;
    julia.parse_opts(&argument_count, &rest);
    optind = saved_optind;
    opterr = saved_opterr;
    optopt = saved_optopt;
    optarg = saved_optarg;
    return JLT_OK;
}

static void initialise(const struct julia_place *place, const char *image)
{
    struct host_signals signals;
    platform_signals_save(&signals);
    if (julia.init_with_image_file)
        julia.init_with_image_file(place->bindir, image);
    else if (julia.init_with_image)
        julia.init_with_image(place->bindir, image);
    else
        julia.init_with_image__threading(place->bindir, image);
    platform_signals_restore(&signals);
}

static jlt_status start_at(const struct julia_place *place, const jlt_options *options, bool *initialised)
{
    jlt_status status = options->sysimage ? check_image(place, options->sysimage) : JLT_OK;
    if (status == JLT_OK)
        status = julia_load(place->library);
    if (status != JLT_OK)
        return status;
    if (julia.is_initialized())
        return error_fail(JLT_ALREADY_STARTED, "Julia was started in this process by somebody else");
    status = set_flags(options);
    if (status != JLT_OK)
        return status;
    char *image = platform_real_path(options->sysimage ? options->sysimage : place->image);
    if (!image)
        return error_fail(JLT_NO_JULIA, "no usable Julia: the system image %s is gone", place->image);
    *initialised = true;
    initialise(place, image); /* keeps image */
    return bootstrap_load();
}

jlt_status julia_start(const jlt_options *options, bool *initialised)
{
    struct julia_place place;
    *initialised = false;
    jlt_status status = check_options(options);
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
