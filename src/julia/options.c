/* SPDX-License-Identifier: MIT */
#include "julia/options.h"

#include "base/error.h"
#include "core/runtime.h"
#include "julia/bootstrap.h"
#include "julia/calls.h"
#include "julia/settings.h"
#include "julia/sinks.h"
#include "julia/symbols.h"
#include "platform/platform.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "options.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:options.jl", 0};

JULIA_FUNCTION(source, jlt_value *, set_paths, (const char *depot_path, const char *load_path, int *failed),
               "Any, (Ptr{UInt8}, Ptr{UInt8}, Failed)");
JULIA_FUNCTION(source, jlt_value *, load_startup_files, (int *failed), "Any, (Failed,)");

enum { most_flags = 64, own_arguments = 12 };

static const int64_t answers_within_ns = 120 * (int64_t)1000000000;

static struct {
    char *flags[most_flags + 1];
    bool startup_file;
} used;

const char *const *options_flags(void)
{
    return (const char *const *)used.flags;
}

bool options_startup_file(void)
{
    return used.startup_file;
}

/* ---- before Julia ---- */

static jlt_status check_number(const char *name, int value, int most)
{
    if (value >= 0 && value <= most)
        return JLT_OK;
    return error_fail(JLT_INVALID_ARGUMENT, "options.%s is %d, not 0 to %d", name, value, most);
}

/* Julia reads this variable itself, and ends the process for values that it does not know. Stacks that are copied would
 * move bodies and the messages that they borrow. */
static jlt_status check_environment(void)
{
    const char *copy = getenv("JULIA_COPY_STACKS");
    if (!copy || !strcmp(copy, "0") || !strcmp(copy, "no"))
        return JLT_OK;
    return error_fail(JLT_INVALID_ARGUMENT,
                      "the environment has JULIA_COPY_STACKS=%s, but tasks' bodies need stacks of their own: unset it",
                      copy);
}

/* What a flag must not begin to be, since getopt takes abbreviations. */
struct refused {
    const char *name, *why;
};
static const char has_option[] = "it has an option of its own", not_embedded[] = "it is not for an embedded Julia";
static const struct refused refused_flags[] = {
    {"threads", has_option},
    {"gcthreads", has_option},
    {"heap-size-hint", has_option},
    {"optimize", has_option},
    {"check-bounds", has_option},
    {"project", has_option},
    {"sysimage", has_option},
    {"startup-file", has_option},
    {"version", not_embedded},
    {"help", not_embedded},
    {"help-hidden", not_embedded},
    {"eval", not_embedded},
    {"print", not_embedded},
    {"load", not_embedded},
    {"module", not_embedded},
    {"interactive", not_embedded},
    {"procs", not_embedded},
    {"machine-file", not_embedded},
    {"worker", not_embedded},
    {"bind-to", not_embedded},
    {"bug-report", not_embedded},
    {"lisp", not_embedded},
    {"home", not_embedded},
    {"rr-detach", not_embedded},
    {"handle-signals", "Julia's collector needs its signals"},
};

static jlt_status refuse_flag(const char *flag, const char *why)
{
    return error_fail(JLT_INVALID_ARGUMENT, "options.flags: \"%s\" is not allowed: %s", flag, why);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && !strcmp(text + length - end_length, end);
}

static jlt_status check_flag(const char *flag)
{
    if (ends_with(flag, "=help") || !strcmp(flag, "-Chelp")) /* prints a list, and may or may not go on */
        return refuse_flag(flag, not_embedded);
    if (!strncmp(flag, "-g", 2) || (!strncmp(flag, "-C", 2) && flag[2]))
        return JLT_OK;
    if (strncmp(flag, "--", 2) != 0 || !flag[2] || flag[2] == '=')
        return refuse_flag(flag, "a flag is written --name or --name=value");
    const char *name = flag + 2;
    size_t length = strcspn(name, "=");
    for (size_t i = 0; i < sizeof refused_flags / sizeof *refused_flags; i++)
        if (!strncmp(refused_flags[i].name, name, length))
            return refuse_flag(flag, refused_flags[i].why);
    return strncmp(name, "output", 6) != 0 ? JLT_OK : refuse_flag(flag, not_embedded);
}

static jlt_status check_flags(const char *const *flags)
{
    jlt_status status = JLT_OK;
    for (size_t i = 0; flags && flags[i] && status == JLT_OK; i++)
        status = i < most_flags ? check_flag(flags[i])
                                : error_fail(JLT_INVALID_ARGUMENT, "options.flags: more than %d flags", most_flags);
    return status;
}

static jlt_status check_numbers(const jlt_options *options)
{
    const struct {
        const char *name;
        int value, most;
    } numbers[] = {
        {"threads", options->threads, max_workers},
        {"interactive_threads", options->interactive_threads, max_workers},
        {"gc_threads", options->gc_threads, max_workers},
        {"optimize", (int)options->optimize, JLT_OPTIMIZE_3},
        {"check_bounds", (int)options->check_bounds, JLT_CHECK_BOUNDS_NO},
        {"fibers_at_most", options->fibers_at_most > INT_MAX ? INT_MAX : (int)options->fibers_at_most, fibers_at_most},
    };
    jlt_status status = JLT_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && status == JLT_OK; i++)
        status = check_number(numbers[i].name, numbers[i].value, numbers[i].most);
    return status;
}

static jlt_status check_files(const jlt_options *options)
{
    if (options->sysimage && !platform_is_file(options->sysimage))
        return error_fail(JLT_INVALID_ARGUMENT, "options.sysimage: no file %s", options->sysimage);
    if (options->project && !platform_is_file(options->project) && !platform_is_folder(options->project))
        return error_fail(JLT_INVALID_ARGUMENT, "options.project: no file or folder %s", options->project);
    if (options->depot_path && !*options->depot_path)
        return error_fail(JLT_INVALID_ARGUMENT, "options.depot_path is empty");
    if (options->load_path && !*options->load_path)
        return error_fail(JLT_INVALID_ARGUMENT, "options.load_path is empty");
    return JLT_OK;
}

jlt_status options_check(const jlt_options *options)
{
    jlt_status status = check_environment();
    if (status == JLT_OK)
        status = check_numbers(options);
    if (status == JLT_OK)
        status = check_files(options);
    return status == JLT_OK ? check_flags(options->flags) : status;
}

/* ---- the Julia that was found ---- */

/* Whether Julia starts with these flags and goes on to the code that it is given: --version, say, does not. */
static bool starts_with(const struct julia_place *place, const char *const *flags, size_t count)
{
    const char *arguments[most_flags + own_arguments] = {place->executable, "--startup-file=no", "--history-file=no"};
    size_t next = 3;
    for (size_t i = 0; i < count; i++)
        arguments[next++] = flags[i];
    arguments[next++] = "-e";
    arguments[next] = "print(\"jltask\")";
    char *answer = platform_run(arguments, answers_within_ns);
    bool good = answer && !strcmp(answer, "jltask");
    free(answer);
    return good;
}

static jlt_status try_image(const struct julia_place *place, const char *image)
{
    char flag[4096];
    const char *const flags[] = {flag};
    if (snprintf(flag, sizeof flag, "--sysimage=%s", image) < (int)sizeof flag && starts_with(place, flags, 1))
        return JLT_OK;
    return error_fail(JLT_NO_JULIA, "options.sysimage: %s does not start with %s", place->executable, image);
}

static jlt_status try_flags(const struct julia_place *place, const char *const *flags)
{
    size_t count = 0;
    while (flags[count])
        count++;
    if (!count || starts_with(place, flags, count))
        return JLT_OK;
    for (size_t i = 0; i < count; i++)
        if (!starts_with(place, &flags[i], 1))
            return error_fail(JLT_INVALID_ARGUMENT, "options.flags: %s does not start with \"%s\"", place->executable,
                              flags[i]);
    return error_fail(JLT_INVALID_ARGUMENT, "options.flags: %s does not start with these flags together",
                      place->executable);
}

jlt_status options_try(const struct julia_place *place, const jlt_options *options)
{
    jlt_status status = options->sysimage ? try_image(place, options->sysimage) : JLT_OK;
    return status == JLT_OK && options->flags ? try_flags(place, options->flags) : status;
}

/* ---- Julia's command line ---- */

static jlt_status check_version(const jlt_options *options)
{
    const struct {
        bool wanted;
        int since;
        const char *option, *what;
    } features[] = {
        {options->interactive_threads > 0, 9, "interactive_threads", "interactive threads"},
        {options->heap_size_hint > 0, 9, "heap_size_hint", "heap size hint"},
        {options->gc_threads > 0, 10, "gc_threads", "GC threads"},
    };
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (features[i].wanted && julia_minor() < features[i].since)
            return error_fail(JLT_INVALID_ARGUMENT, "options.%s: Julia %s has no %s; 1.%d or later has",
                              features[i].option, julia.ver_string(), features[i].what, features[i].since);
    return JLT_OK;
}

/* The number that JULIA_NUM_THREADS begins with ("4", "4,1"), else ("auto", nothing) the processors. */
static int default_threads(void)
{
    const char *text = getenv("JULIA_NUM_THREADS");
    int threads = text ? atoi(text) : 0;
    return threads > 0 && threads <= max_workers ? threads : platform_processors();
}

/* The arguments of a command line. Their memory stays Julia's, which keeps pointers into some. */
struct command_line {
    char *arguments[most_flags + own_arguments];
    int count;
    bool failed; /* no memory */
};

static JLT_PRINTF(2, 3) void add(struct command_line *line, const char *format, ...)
{
    char *argument = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&argument, format, arguments) < 0)
        line->failed = true;
    else
        line->arguments[line->count++] = argument;
    va_end(arguments);
}

static void add_threads(struct command_line *line, const jlt_options *options)
{
    int count = options->threads ? options->threads : default_threads();
    if (options->interactive_threads || julia_minor() >= 12) /* 1.12 adds an interactive thread unasked */
        add(line, "--threads=%d,%d", count, options->interactive_threads);
    else
        add(line, "--threads=%d", count);
}

static struct command_line command_line_of(const jlt_options *options)
{
    struct command_line line = {.count = 0};
    add(&line, "julia");
    add_threads(&line, options);
    add(&line, "--startup-file=no"); /* which is loaded by options_apply */
    add(&line, "--history-file=no");
    if (options->project)
        add(&line, "--project=%s", options->project);
    if (options->gc_threads)
        add(&line, "--gcthreads=%d", options->gc_threads);
    if (options->heap_size_hint)
        add(&line, "--heap-size-hint=%" PRIu64, options->heap_size_hint);
    if (options->optimize)
        add(&line, "--optimize=%d", (int)options->optimize - JLT_OPTIMIZE_0);
    if (options->check_bounds)
        add(&line, "--check-bounds=%s", options->check_bounds == JLT_CHECK_BOUNDS_YES ? "yes" : "no");
    for (size_t i = 0; options->flags && options->flags[i] && !line.failed; i++) {
        add(&line, "%s", options->flags[i]);
        used.flags[i] = line.arguments[line.count - 1];
    }
    return line;
}

jlt_status options_set(const jlt_options *options)
{
    jlt_status status = check_version(options);
    if (status != JLT_OK)
        return status;
    struct command_line line = command_line_of(options);
    if (line.failed)
        return error_report(error_constant(JLT_NO_MEMORY));
    char **rest = line.arguments;
    /* jl_parse_opts uses getopt, whose state is the host's */
    int saved_optind = optind, saved_opterr = opterr, saved_optopt = optopt;
    char *saved_optarg = optarg;
    optind = 1;
    julia.parse_opts(&line.count, &rest);
    optind = saved_optind;
    opterr = saved_opterr;
    optopt = saved_optopt;
    optarg = saved_optarg;
    return JLT_OK;
}

/* ---- after Julia's start ---- */

static jlt_status report_failure(struct outcome outcome)
{
    return outcome.failed ? error_report(julia_failure(outcome)) : JLT_OK;
}

static struct outcome apply_paths(const jlt_options *options)
{
    RETURN_LATE(set_paths, options->depot_path, options->load_path, &failed);
}

static struct outcome load_startup(void)
{
    RETURN_LATE(load_startup_files, &failed);
}

jlt_status options_apply(const jlt_options *options)
{
    jlt_status status = JLT_OK;
    used.startup_file = options->startup_file;
    if (options->depot_path || options->load_path)
        status = report_failure(apply_paths(options));
    if (status == JLT_OK)
        status = settings_verify(options);
    if (status == JLT_OK)
        status = sinks_open(options);
    if (status == JLT_OK && options->startup_file)
        status = report_failure(load_startup());
    return status;
}
