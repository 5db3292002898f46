/* SPDX-License-Identifier: MIT
 *
 * jltask-info: which Julia would be used and why, what it is set to, and whether it works.
 *
 * Julia runs in a child, since what is wrong with an installation may end the process or let it hang. The child is this
 * program again; it says line by line, on its standard output, what it does and what it found:
 *
 *   set <name> <value>    begin <test>    good <test>    bad <test> <message>
 *
 * and the parent tells the test that was begun last if the child dies, or takes too long. */
#include <jltask.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { seconds_at_most = 120, entries_at_most = 64 };

/* ---- the child ---- */

static jlt_runtime *runtime;

JLT_PRINTF(1, 2) static void tell(const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *at = text; *at; at++)
        if (*at == '\n' || *at == '\r')
            *at = ' ';
    printf("%s\n", text);
    fflush(stdout);
}

/* What a test's body evaluates: code that must be true. */
struct check {
    const char *code;
};

static void run_check(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_value *result = jlt_eval(frame, ((const struct check *)input)->code);
    bool is_true = false;
    if (jlt_unbox(frame, result, &is_true) && !is_true)
        jlt_fail(frame, "not true: %s", ((const struct check *)input)->code);
}

static const jlt_task_type check_type = {.name = "check", .input_size = sizeof(struct check), .run = run_check};

static bool holds(const char *code)
{
    return jlt_task_invoke(runtime, &check_type, &(struct check){code}, NULL) == JLT_OK;
}

static bool test_call(void)
{
    return holds("1 + 1 == 2");
}

/* The exception comes back with its text. */
static bool test_exception(void)
{
    return !holds("error(\"as it should\")") && strstr(jlt_error_message(), "as it should");
}

static bool test_collection(void)
{
    return holds("(x = [string(i) for i in 1:1000]; GC.gc(); x[1000] == \"1000\")");
}

/* One body waits, and others run on its thread meanwhile. */
static bool test_waiting(void)
{
    static const jlt_task_type here = {
        .name = "here", .input_size = sizeof(struct check), .run = run_check, .thread = 1};
    jlt_receiver *receiver;
    if (jlt_task_dispatch(runtime, &here, &(struct check){"(global opened = Base.Event(); wait(opened); true)"},
                          &receiver) != JLT_OK)
        return false;
    bool meanwhile = jlt_task_invoke(runtime, &here, &(struct check){"true"}, NULL) == JLT_OK;
    if (jlt_receiver_try_recv(receiver, NULL) != JLT_PENDING)
        return false; /* and it is gone */
    if (jlt_task_invoke(runtime, &here, &(struct check){"(notify(opened); true)"}, NULL) == JLT_OK)
        return jlt_receiver_recv(receiver, NULL) == JLT_OK && meanwhile;
    jlt_receiver_drop(receiver);
    return false;
}

/* Every thread that runs tasks answers. */
static bool test_threads(void)
{
    jlt_stats stats;
    if (jlt_runtime_stats(runtime, &stats) != JLT_OK)
        return false;
    for (size_t thread = 1; thread <= stats.threads; thread++) {
        const jlt_task_type there = {
            .name = "there", .input_size = sizeof(struct check), .run = run_check, .thread = thread};
        if (jlt_task_invoke(runtime, &there, &(struct check){"Threads.threadid() > 0"}, NULL) != JLT_OK)
            return false;
    }
    return true;
}

static bool test_packages(void)
{
    return holds("(using LinearAlgebra; LinearAlgebra.norm([3.0, 4.0]) == 5.0)");
}

static bool test_depot(void)
{
    return holds("(d = first(DEPOT_PATH); mkpath(d); f = tempname(d); touch(f); rm(f); true)");
}

static bool test_processes(void)
{
    return holds("success(`true`)");
}

static const struct {
    const char *name, *what;
    bool (*run)(void);
} tests[] = {
    {"calls", "Julia code is run and gives the right answer", test_call},
    {"exceptions", "an exception comes back as a failure with its text", test_exception},
    {"collector", "values survive a collection", test_collection},
    {"waiting", "a body that waits lets others run on its thread", test_waiting},
    {"threads", "each thread that runs tasks answers", test_threads},
    {"processes", "Julia code can run programs", test_processes},
    {"packages", "a package of the standard library loads", test_packages},
    {"depot", "the first folder of the depot path can be written", test_depot},
};
enum { test_count = sizeof tests / sizeof *tests };

static void tell_settings(void)
{
    jlt_settings settings;
    if (jlt_runtime_settings(runtime, &settings) != JLT_OK) {
        tell("bad settings %s", jlt_error_message());
        return;
    }
    tell("set version %s", settings.version);
    tell("set executable %s", settings.julia);
    tell("set threads %d", settings.threads);
    tell("set interactive_threads %d", settings.interactive_threads);
    tell("set gc_threads %d", settings.gc_threads);
    tell("set image %s", settings.sysimage);
    tell("set project %s", settings.project);
    tell("set depot_path %s", settings.depot_path);
    tell("set load_path %s", settings.load_path);
    tell("good settings");
}

static int run_child(const char *julia)
{
    jlt_thread *thread;
    tell("begin start");
    if (jlt_runtime_spawn(&(jlt_options){.julia = julia}, &runtime, &thread) != JLT_OK) {
        tell("bad start %s", jlt_error_message());
        return 1;
    }
    tell("good start");
    tell("begin settings");
    tell_settings();
    for (int i = 0; i < test_count; i++) {
        tell("begin %s", tests[i].name);
        if (tests[i].run())
            tell("good %s", tests[i].name);
        else
            tell("bad %s %s", tests[i].name, *jlt_error_message() ? jlt_error_message() : "the answer is wrong");
    }
    tell("begin end");
    jlt_runtime_drop(runtime);
    if (jlt_thread_join(thread) == JLT_OK)
        tell("good end");
    else
        tell("bad end %s", jlt_error_message());
    return 0;
}

/* ---- what was found ---- */

struct entry {
    char name[32], text[4096];
    bool bad;
};

static struct entry settings[entries_at_most], results[entries_at_most];
static int setting_count, result_count;
static char under_way[32];

static void add(struct entry *entries, int *count, const char *name, const char *text, bool bad)
{
    if (*count == entries_at_most)
        return;
    struct entry *entry = &entries[(*count)++];
    snprintf(entry->name, sizeof entry->name, "%s", name);
    snprintf(entry->text, sizeof entry->text, "%s", text);
    entry->bad = bad;
}

static void take_line(char *line)
{
    char *name = strchr(line, ' '), *text = name ? strchr(name + 1, ' ') : NULL;
    if (!name)
        return;
    *name++ = 0;
    if (text)
        *text++ = 0;
    if (strcmp(line, "set") == 0)
        add(settings, &setting_count, name, text ? text : "", false);
    else if (strcmp(line, "begin") == 0)
        snprintf(under_way, sizeof under_way, "%s", name);
    else
        add(results, &result_count, name, text ? text : "", strcmp(line, "bad") == 0);
    if (strcmp(line, "good") == 0 || strcmp(line, "bad") == 0)
        under_way[0] = 0;
}

/* ---- the parent ---- */

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

/* Takes the child's lines until it has ended. False: it took too long. */
static bool listen(int from)
{
    static char text[1 << 16];
    size_t length = 0;
    long until = now_ms() + seconds_at_most * 1000L;
    for (long left; (left = until - now_ms()) > 0;) {
        struct pollfd wait = {.fd = from, .events = POLLIN};
        if (poll(&wait, 1, (int)left) <= 0)
            continue;
        ssize_t count = read(from, text + length, sizeof text - 1 - length);
        if (count <= 0)
            return true;
        length += (size_t)count;
        text[length] = 0;
        char *line = text, *end;
        for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            *end = 0;
            take_line(line);
        }
        length = strlen(line);
        memmove(text, line, length + 1);
    }
    return false;
}

static void run_tests(const char *julia)
{
    int ends[2], status = 0;
    char message[128];
    fflush(stdout);
    pid_t child = pipe(ends) == 0 ? fork() : -1;
    if (child == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execl("/proc/self/exe", "jltask-info", "--child", julia, (char *)NULL);
        _exit(127);
    }
    if (child < 0) {
        add(results, &result_count, "start", "no process could be made", true);
        return;
    }
    close(ends[1]);
    bool ended = listen(ends[0]);
    close(ends[0]);
    if (!ended)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!under_way[0] && ended && !WIFSIGNALED(status))
        return;
    if (!ended)
        snprintf(message, sizeof message, "it did not end within %d seconds", seconds_at_most);
    else if (WIFSIGNALED(status))
        snprintf(message, sizeof message, "the process was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(message, sizeof message, "the process ended with status %d", WEXITSTATUS(status));
    add(results, &result_count, under_way[0] ? under_way : "end", message, true);
}

/* ---- output ---- */

/* Each lead byte has as many bytes behind it as it says, and there are no others. */
static bool is_utf8(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        int more = *at < 0x80 ? 0 : *at < 0xc2 || *at > 0xf4 ? -1 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
        if (more < 0 || (*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
            (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
            return false;
        for (; more > 0; more--)
            if ((*++at & 0xc0) != 0x80)
                return false;
    }
    return true;
}

static void print_json(const char *text)
{
    bool utf8 = is_utf8(text);
    putchar('"');
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at == '"' || *at == '\\')
            printf("\\%c", *at);
        else if (*at < 0x20 || (*at >= 0x80 && !utf8))
            printf("\\u%04x", *at); /* of bytes that are no UTF-8, as if they were Latin-1 */
        else
            putchar(*at);
    putchar('"');
}

static void print_member(const char *name, const char *text)
{
    print_json(name);
    printf(": ");
    print_json(text);
}

static bool as_json, any_candidate;

static void tell_candidate(void *context, const jlt_candidate *candidate)
{
    (void)context;
    if (as_json) {
        printf(any_candidate ? ",\n    {" : "\n    {");
        print_member("source", candidate->source);
        printf(", ");
        print_member("path", candidate->path);
        printf(", \"used\": %s, ", candidate->used ? "true" : "false");
        print_member(candidate->used ? "library" : "reason", candidate->used ? candidate->library : candidate->reason);
        printf("}");
    } else if (candidate->used) {
        printf("used         %s (%s)\n  executable %s\n  library    %s\n  image      %s\n", candidate->path,
               candidate->source, candidate->executable, candidate->library, candidate->image);
    } else {
        printf("passed over  %s (%s)\n  why        %s\n", candidate->path, candidate->source, candidate->reason);
    }
    any_candidate = true;
}

static void print_settings(void)
{
    if (as_json)
        printf("  \"settings\": {");
    else if (setting_count)
        printf("\nsettings\n");
    for (int i = 0; i < setting_count; i++) {
        if (as_json) {
            printf(i ? ",\n    " : "\n    ");
            print_member(settings[i].name, settings[i].text);
        } else {
            printf("  %-20s %s\n", settings[i].name, *settings[i].text ? settings[i].text : "(none)");
        }
    }
    if (as_json)
        printf("\n  },\n");
}

static const char *what_of(const char *name)
{
    for (int i = 0; i < test_count; i++)
        if (strcmp(tests[i].name, name) == 0)
            return tests[i].what;
    return strcmp(name, "start") == 0 ? "Julia starts" : strcmp(name, "end") == 0 ? "Julia ends" : "Julia is asked";
}

/* How many are bad. */
static int print_results(bool found)
{
    int bad = 0;
    printf(as_json ? "  \"tests\": [" : result_count ? "\nself-test\n" : "");
    for (int i = 0; i < result_count; i++) {
        bad += results[i].bad;
        if (as_json) {
            printf(i ? ",\n    {" : "\n    {");
            print_member("name", results[i].name);
            printf(", \"works\": %s, ", results[i].bad ? "false" : "true");
            print_member("message", results[i].text);
            printf("}");
        } else {
            printf("  %-6s %-12s %s\n", results[i].bad ? "FAILED" : "works", results[i].name, what_of(results[i].name));
            if (results[i].bad)
                printf("         %s\n", results[i].text);
        }
    }
    if (as_json)
        printf("\n  ],\n  \"works\": %s\n}\n", bad || !found ? "false" : result_count ? "true" : "null");
    return bad;
}

static int report(const char *julia, bool testing)
{
    if (as_json)
        printf("{\n  \"jltask\": \"%d.%d.%d\",\n  \"candidates\": [", JLT_VERSION_MAJOR, JLT_VERSION_MINOR,
               JLT_VERSION_PATCH);
    else
        printf("jltask       %d.%d.%d\n", JLT_VERSION_MAJOR, JLT_VERSION_MINOR, JLT_VERSION_PATCH);
    bool found = jlt_julia_find(julia, tell_candidate, NULL) == JLT_OK;
    if (as_json)
        printf("\n  ],\n");
    if (!found && as_json) {
        printf("  ");
        print_member("message", jlt_error_message());
        printf(",\n");
    } else if (!found) {
        printf("no Julia     %s\n", jlt_error_message());
    }
    if (found && testing)
        run_tests(julia);
    print_settings();
    int bad = print_results(found);
    if (!as_json && result_count)
        printf("\n%s\n", bad ? "Something does not work." : "All of it works.");
    return !found ? 2 : bad ? 1 : 0;
}

static const char usage[] =
    "usage: jltask-info [--json] [--no-test] [--julia=PATH]\n"
    "\n"
    "Tells which Julia jltask would use and why, what was passed over and why, how it is set,\n"
    "and whether it works. Exits with 0 if all works, 1 if something does not, 2 without Julia.\n"
    "\n"
    "  --julia=PATH  as if options.julia were PATH: an executable or an installation folder\n"
    "  --no-test     do not start Julia\n"
    "  --json        for programs\n";

int main(int count, char **arguments)
{
    const char *julia = NULL;
    bool testing = true;
    if (count > 1 && strcmp(arguments[1], "--child") == 0)
        return run_child(count > 2 ? arguments[2] : NULL);
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (strcmp(argument, "--json") == 0) {
            as_json = true;
        } else if (strcmp(argument, "--no-test") == 0) {
            testing = false;
        } else if (strncmp(argument, "--julia=", 8) == 0) {
            julia = argument + 8;
        } else {
            bool asked = strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
            if (!asked)
                fprintf(stderr, "jltask-info: there is no option %s\n", argument);
            fputs(usage, asked ? stdout : stderr);
            return asked ? 0 : 64;
        }
    }
    return report(julia, testing);
}
