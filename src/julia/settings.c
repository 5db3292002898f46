/* SPDX-License-Identifier: MIT
 *
 * Read once and kept: whoever is first publishes, and what another thread may have read meanwhile is freed. */
#include "julia/settings.h"

#include "base/error.h"
#include "julia/bootstrap.h"
#include "julia/calls.h"
#include "julia/options.h"
#include "julia/symbols.h"
#include "platform/platform.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "settings.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:settings.jl", 0};

typedef void take_text(void *context, const char *text);
JULIA_FUNCTION(source, const int64_t *, settings, (take_text * take, void *context),
               "Ptr{Int64}, (Ptr{Cvoid}, Ptr{Cvoid})");

enum { text_count = 5 }; /* julia ... load_path */

/* What is read, as settings.jl gives it. */
struct reading {
    jlt_settings settings;
    char *texts[text_count];
    int count;
    bool failed;
};

static _Atomic(struct reading *) known;

const jlt_settings *settings_known(void)
{
    const struct reading *reading = atomic_load(&known);
    return reading ? &reading->settings : NULL;
}

static void take(void *context, const char *text)
{
    struct reading *reading = context;
    char *copy = reading->count < text_count ? strdup(text) : NULL;
    if (copy)
        reading->texts[reading->count++] = copy;
    else
        reading->failed = true;
}

static void free_reading(struct reading *reading)
{
    for (int i = 0; i < reading->count; i++)
        free(reading->texts[i]);
    free(reading);
}

static void fill(struct reading *reading, const int64_t *numbers)
{
    reading->settings = (jlt_settings){
        .threads = (int)bootstrap.worker_count,
        .interactive_threads = (int)numbers[0],
        .gc_threads = (int)numbers[1],
        .optimize = (jlt_optimize)(JLT_OPTIMIZE_0 + numbers[2]),
        .check_bounds = (jlt_check_bounds)numbers[3],
        .startup_file = options_startup_file(),
        .heap_size_hint = (uint64_t)numbers[4],
        .version = bootstrap.version,
        .julia = reading->texts[0],
        .sysimage = reading->texts[1],
        .project = reading->texts[2],
        .depot_path = reading->texts[3],
        .load_path = reading->texts[4],
        .flags = options_flags(),
    };
}

static struct error *read_into(struct reading *reading)
{
    struct error *error = NULL;
    struct body body = leave_body();
    settings_function *function = LATE(settings, &error);
    const int64_t *numbers = function ? function(take, reading) : NULL;
    back_in_body(body);
    if (!function)
        return error;
    if (reading->failed || reading->count < text_count)
        return error_constant(JLT_NO_MEMORY);
    fill(reading, numbers);
    return NULL;
}

struct error *settings_read(void)
{
    if (settings_known())
        return NULL;
    struct reading *reading = calloc(1, sizeof *reading), *none = NULL;
    if (!reading)
        return error_constant(JLT_NO_MEMORY);
    struct error *error = read_into(reading);
    if (error || !atomic_compare_exchange_strong(&known, &none, reading))
        free_reading(reading);
    return error;
}

/* ---- verification ---- */

static bool is_same_path(const char *one, const char *other)
{
    char *real_one = platform_real_path(one), *real_other = platform_real_path(other);
    bool same = real_one && real_other && !strcmp(real_one, real_other);
    free(real_one);
    free(real_other);
    return same;
}

/* wanted: a project file, or the folder that it is or would be in. */
static bool is_project(const char *wanted, const char *file)
{
    const char *slash = strrchr(file, '/');
    char *folder = slash ? strndup(file, (size_t)(slash - file)) : NULL;
    bool same = is_same_path(wanted, file) || (folder && is_same_path(wanted, folder));
    free(folder);
    return same;
}

static jlt_status not_used(const char *option, const char *instead)
{
    return error_fail(JLT_NO_JULIA, "Julia started but does not use options.%s; it uses %s", option, instead);
}

static jlt_status verify_number(const char *option, uint64_t wanted, uint64_t found)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, found);
    return !wanted || wanted == found ? JLT_OK : not_used(option, text);
}

static jlt_status verify_numbers(const jlt_options *options, const jlt_settings *found)
{
    const struct {
        const char *option;
        uint64_t wanted, found;
    } numbers[] = {
        {"interactive_threads", (uint64_t)options->interactive_threads, (uint64_t)found->interactive_threads},
        {"gc_threads", (uint64_t)options->gc_threads, (uint64_t)found->gc_threads},
        {"optimize", (uint64_t)options->optimize, (uint64_t)found->optimize},
        {"check_bounds", (uint64_t)options->check_bounds, (uint64_t)found->check_bounds},
        {"heap_size_hint", options->heap_size_hint, found->heap_size_hint},
    };
    jlt_status status = JLT_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && status == JLT_OK; i++)
        status = verify_number(numbers[i].option, numbers[i].wanted, numbers[i].found);
    return status;
}

jlt_status settings_verify(const jlt_options *options)
{
    if (!options->interactive_threads && !options->gc_threads && !options->optimize && !options->check_bounds &&
        !options->heap_size_hint && !options->project && !options->sysimage)
        return JLT_OK;
    struct error *error = settings_read();
    if (error)
        return error_report(error);
    const jlt_settings *found = settings_known();
    if (options->project && !is_project(options->project, found->project))
        return not_used("project", found->project);
    if (options->sysimage && !is_same_path(options->sysimage, found->sysimage))
        return not_used("sysimage", found->sysimage);
    return verify_numbers(options, found);
}
