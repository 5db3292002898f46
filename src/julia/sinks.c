/* SPDX-License-Identifier: MIT
 *
 * The sinks are set once, before any code of the user's runs, and stay until the process ends: Julia's exit hooks may
 * still print. They are called inside Julia, on whichever of its threads logs or prints. So the body that runs there is
 * set aside meanwhile: the sink may use what any thread may, but no frame. */
#include "julia/sinks.h"

#include "julia/bootstrap.h"
#include "julia/calls.h"

static const char julia_text[] = {
#include "sinks.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:sinks.jl", 0};

typedef void log_function(int level, const char *level_name, const char *message, const char *module, const char *group,
                          const char *id, const char *file, int line, const char *const *keys,
                          const char *const *values, size_t count);
typedef void output_function(int stream, const char *bytes, size_t count);
JULIA_FUNCTION(source, jlt_value *, open_log, (log_function * sink, int level, int *failed),
               "Any, (Ptr{Cvoid}, Cint, Failed)");
JULIA_FUNCTION(source, jlt_value *, open_output, (output_function * sink, int *failed), "Any, (Ptr{Cvoid}, Failed)");

static struct {
    void (*log)(void *context, const jlt_log_record *record);
    void *log_context;
    void (*output)(void *context, int stream, const char *bytes, size_t count);
    void *output_context;
} sinks;

/* Takes what belongs to the body off the thread. */
static struct body set_body_aside(void)
{
    struct body body = leave_body();
    current_fiber = NULL;
    return body;
}

/* Puts it back. The sink cannot have let another fiber run, so nobody has to attend the loop anew. */
static void resume_body(struct body body)
{
    current_fiber = body.fiber;
    error_attach(body.error);
}

static void log_record(int level, const char *level_name, const char *message, const char *module, const char *group,
                       const char *id, const char *file, int line, const char *const *keys, const char *const *values,
                       size_t count)
{
    const jlt_log_record record = {
        .level = level,
        .line = line,
        .level_name = level_name,
        .message = message,
        .module = module,
        .group = group,
        .id = id,
        .file = file,
        .keys = keys,
        .values = values,
        .count = count,
    };
    struct body body = set_body_aside();
    sinks.log(sinks.log_context, &record);
    resume_body(body);
}

static void output(int stream, const char *bytes, size_t count)
{
    struct body body = set_body_aside();
    sinks.output(sinks.output_context, stream, bytes, count);
    resume_body(body);
}

static struct outcome install_log(int level)
{
    RETURN_LATE(open_log, log_record, level, &failed);
}

static struct outcome install_output(void)
{
    RETURN_LATE(open_output, output, &failed);
}

jlt_status sinks_open(const jlt_options *options)
{
    struct outcome outcome = {.failed = false};
    sinks.log = options->log;
    sinks.log_context = options->log_context;
    sinks.output = options->output;
    sinks.output_context = options->output_context;
    if (options->output)
        outcome = install_output();
    if (options->log && !outcome.failed)
        outcome = install_log(options->log_level);
    return outcome.failed ? error_report(julia_failure(outcome)) : JLT_OK;
}
