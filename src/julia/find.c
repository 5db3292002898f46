/* SPDX-License-Identifier: MIT
 *
 * An official archive has bin/julia, lib/libjulia.so and lib/julia/sys.so; Debian's package has the same with a folder
 * for the architecture below lib. Both are recognised by these files. Anything else (juliaup's launcher, a wrapper
 * script, another distribution) is asked: the executable is run once and prints where its parts are, which costs the
 * time of a Julia start. */
#include "julia/find.h"

#include "base/error.h"
#include "platform/platform.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t answer_within_ns = 60 * (int64_t)1000000000; /* juliaup may have to look something up */

/* Printed on lines of their own: the executable's folder, libjulia, the image. */
static const char question[] =
    "using Libdl\n"
    "p = try abspath(Libdl.dlpath(\"libjulia\")) catch; \"\" end\n"
    "for l in Libdl.dllist()\n"
    "    startswith(basename(l), \"libjulia.\") && (global p = abspath(l); break)\n"
    "end\n"
    "print(Sys.BINDIR, '\\n', p, '\\n', unsafe_string(Base.JLOptions().image_file), '\\n')\n";

/* The reasons why candidates were not taken, one after the other. */
struct reasons {
    char text[2048];
    size_t length;
};

static JLT_PRINTF(2, 3) void because(struct reasons *reasons, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof reasons->text - reasons->length;
    if (reasons->length)
        reasons->length += (size_t)snprintf(reasons->text + reasons->length, room, "; ");
    room = sizeof reasons->text - reasons->length;
    int written = vsnprintf(reasons->text + reasons->length, room, format, arguments);
    va_end(arguments);
    reasons->length += written < 0 ? 0 : (size_t)written;
    if (reasons->length >= sizeof reasons->text)
        reasons->length = sizeof reasons->text - 1;
}

void julia_place_finish(struct julia_place *place)
{
    free(place->executable);
    free(place->bindir);
    free(place->library);
    free(place->image);
    memset(place, 0, sizeof *place);
}

static bool is_complete(const struct julia_place *place)
{
    return place->executable && place->bindir && place->library && place->image;
}

/* The path of a file under a folder, if it is there. */
static char *file_under(const char *folder, const char *relative)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, relative) >= (int)sizeof path || !platform_is_file(path))
        return NULL;
    return platform_real_path(path);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash - path)) : NULL;
}

/* One of the known layouts around an executable. False: it is another one. */
static bool look_around(const char *executable, struct julia_place *place)
{
    static const char *const layouts[][2] = {
        {"../lib/libjulia.so", "../lib/julia/sys.so"},
        {"../lib/" JLT_MULTIARCH "/libjulia.so.1", "../lib/" JLT_MULTIARCH "/julia/sys.so"},
    };
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        place->executable = platform_real_path(executable);
        if (place->executable && strcmp(strrchr(place->executable, '/'), "/julia") != 0) {
            julia_place_finish(place); /* another program in the same folder */
            return false;
        }
        place->bindir = place->executable ? folder_of(place->executable) : NULL;
        if (place->bindir) {
            place->library = file_under(place->bindir, layouts[i][0]);
            place->image = file_under(place->bindir, layouts[i][1]);
        }
        if (is_complete(place))
            return true;
        julia_place_finish(place);
    }
    return false;
}

static char *take_line(char **text)
{
    char *line = *text, *end = line ? strchr(line, '\n') : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    *text = end + 1;
    return *line == '/' ? strdup(line) : NULL;
}

static bool ask(const char *executable, struct julia_place *place, struct reasons *reasons)
{
    const char *const arguments[] = {executable, "--startup-file=no", "--history-file=no", "-e", question, NULL};
    char *answer = platform_run(arguments, answer_within_ns), *rest = answer;
    if (!answer) {
        because(reasons, "%s: does not run as a julia does", executable);
        return false;
    }
    place->executable = strdup(executable);
    place->bindir = take_line(&rest);
    place->library = take_line(&rest);
    place->image = take_line(&rest);
    free(answer);
    if (is_complete(place) && platform_is_file(place->library) && platform_is_file(place->image))
        return true;
    because(reasons, "%s: does not say where its libjulia and system image are", executable);
    julia_place_finish(place);
    return false;
}

static bool try_executable(const char *executable, struct julia_place *place, struct reasons *reasons)
{
    return look_around(executable, place) || ask(executable, place, reasons);
}

static bool try_path(const char *path, struct julia_place *place, struct reasons *reasons)
{
    if (platform_is_program(path))
        return try_executable(path, place, reasons);
    if (platform_is_folder(path)) {
        char inside[PATH_MAX];
        int length = snprintf(inside, sizeof inside, "%s/bin/julia", path);
        if (length < (int)sizeof inside && platform_is_program(inside))
            return try_executable(inside, place, reasons);
        because(reasons, "%s: has no bin/julia", path);
        return false;
    }
    because(reasons, platform_is_file(path) ? "%s: is not executable" : "%s: no such executable or folder", path);
    return false;
}

/* ---- candidates, in the order of preference ---- */

/* What a start would come across. Only the first counts: who names a Julia means that one. */
struct search {
    const char *wanted, *variable, *path; /* what is left to be looked at; NULL: nothing */
    const char *source;                   /* of the candidate that was found */
    char found[PATH_MAX];
};

static struct search begin_search(const char *wanted)
{
    const char *variable = getenv("JLTASK_JULIA");
    return (struct search){
        .wanted = wanted, .variable = variable && *variable ? variable : NULL, .path = getenv("PATH")};
}

/* The next julia on PATH. */
static bool next_on_path(struct search *search)
{
    while (search->path) {
        const char *end = strchr(search->path, ':');
        int length = (int)(end ? end - search->path : (ptrdiff_t)strlen(search->path));
        const char *folder = length ? search->path : ".";
        int written = snprintf(search->found, sizeof search->found, "%.*s/julia", length ? length : 1, folder);
        search->path = end ? end + 1 : NULL;
        if (written < (int)sizeof search->found && platform_is_program(search->found))
            return true;
    }
    return false;
}

static bool next_candidate(struct search *search)
{
    const char **named = search->wanted ? &search->wanted : &search->variable;
    if (!*named) {
        search->source = "PATH";
        return next_on_path(search);
    }
    search->source = search->wanted ? "options.julia" : "JLTASK_JULIA";
    snprintf(search->found, sizeof search->found, "%s", *named);
    *named = NULL;
    return true;
}

static const char privileged[] = "options.julia does not name one, and this program runs with privileges that its user "
                                 "does not have, so neither JLTASK_JULIA nor PATH may choose the code that it loads";

static bool find(const char *wanted, struct julia_place *place, struct reasons *reasons)
{
    struct search search = begin_search(wanted);
    if (!wanted && platform_is_privileged()) {
        because(reasons, "%s", privileged);
        return false;
    }
    if (!next_candidate(&search)) {
        because(reasons, "JLTASK_JULIA is not set and there is no julia on PATH; install Julia 1.5 or later");
        return false;
    }
    if (wanted || strcmp(search.source, "PATH") != 0) {
        if (try_path(wanted ? wanted : search.found, place, reasons))
            return true;
        if (!wanted)
            because(reasons, "it was named by JLTASK_JULIA");
        return false;
    }
    return try_executable(search.found, place, reasons);
}

jlt_status julia_find(const char *wanted, struct julia_place *place)
{
    struct reasons reasons = {{0}, 0};
    *place = (struct julia_place){0};
    if (find(wanted, place, &reasons))
        return JLT_OK;
    return error_fail(JLT_NO_JULIA, "no usable Julia: %s", reasons.text);
}

jlt_status julia_candidates(const char *wanted, void (*tell)(void *context, const jlt_candidate *candidate),
                            void *context)
{
    struct julia_place place = {0};
    struct search search = begin_search(wanted);
    struct reasons reasons = {{0}, 0};
    bool found = find(wanted, &place, &reasons);
    const char *first = NULL;
    while (next_candidate(&search)) {
        char why[sizeof reasons.text];
        bool is_forbidden = !wanted && platform_is_privileged(), is_used = found && !first;
        snprintf(why, sizeof why, "%s", is_used ? "" : first || is_forbidden ? privileged : reasons.text);
        if (first && !is_forbidden)
            snprintf(why, sizeof why,
                     strcmp(first, search.source) == 0 ? "an earlier one on %s goes before it" : "%s goes before it",
                     first);
        tell(context, &(jlt_candidate){
                          .source = search.source,
                          .path = search.found,
                          .used = is_used,
                          .reason = why,
                          .executable = is_used ? place.executable : "",
                          .library = is_used ? place.library : "",
                          .image = is_used ? place.image : "",
                      });
        first = first ? first : search.source;
    }
    julia_place_finish(&place);
    return found ? error_none() : error_fail(JLT_NO_JULIA, "no usable Julia: %s", reasons.text);
}
