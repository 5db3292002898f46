/* SPDX-License-Identifier: MIT */
#include "core/say.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Written before any thread but the starting one is there. */
static void (*sink)(void *context, int level, const char *message);
static void *sink_context;
static int from_level = INT_MAX; /* INT_MAX: nobody listens */

static const struct {
    const char *name;
    int level;
} levels[] = {{"debug", SAY_DEBUG}, {"info", SAY_INFO}, {"warn", SAY_WARN}, {"error", SAY_ERROR}};
enum { level_count = sizeof levels / sizeof *levels };

static void write_line(void *context, int level, const char *message)
{
    char line[1200];
    const char *name = levels[0].name;
    (void)context;
    for (int i = 0; i < level_count; i++)
        if (level >= levels[i].level)
            name = levels[i].name;
    int length = snprintf(line, sizeof line - 1, "jltask: %s: %s", name, message);
    length = length < (int)sizeof line - 1 ? length : (int)sizeof line - 2;
    line[length] = '\n';
    ssize_t written = write(STDERR_FILENO, line, (size_t)length + 1); /* at once, so that lines stay whole */
    (void)written;
}

void say_configure(const jlt_options *options, const char *variable)
{
    sink = options->own_log;
    sink_context = options->own_log_context;
    from_level = sink ? options->own_log_level : INT_MAX;
    for (int i = 0; !sink && variable && i < level_count; i++)
        if (strcmp(variable, levels[i].name) == 0) {
            sink = write_line;
            from_level = levels[i].level;
        }
}

void say(enum say_level level, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    if ((int)level < from_level)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    for (char *at = message; (at = strchr(at, '\n'));)
        *at = ' '; /* a line each, whatever Julia's exceptions say */
    sink(sink_context, level, message);
}
