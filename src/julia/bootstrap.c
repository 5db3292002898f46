/* SPDX-License-Identifier: MIT */
#include "julia/bootstrap.h"

#include "base/error.h"
#include "julia/calls.h"
#include "julia/symbols.h"

#include <string.h>

struct bootstrap bootstrap;

static const char source[] = {
#include "bootstrap.inc" /* bootstrap.jl's bytes, made by the build */
    , 0};

struct entry {
    const char *name;
    size_t offset; /* in struct bootstrap */
};

#define FUNCTION_ENTRY(result, name, parameters) {#name, offsetof(struct bootstrap, name)},
#define VALUE_ENTRY(name) {#name, offsetof(struct bootstrap, name)},
static const struct entry entries[] = {BOOTSTRAP_FUNCTIONS(FUNCTION_ENTRY) BOOTSTRAP_VALUES(VALUE_ENTRY){
    "doorbell_bytes", offsetof(struct bootstrap, doorbell_bytes)}};
static const struct entry late_entries[] = {BOOTSTRAP_LATE_FUNCTIONS(FUNCTION_ENTRY)};

static void give(const char *name, void *pointer)
{
    if (!strcmp(name, "worker_thread")) {
        if (bootstrap.worker_count < max_workers)
            bootstrap.worker_threads[bootstrap.worker_count++] = (int)(intptr_t)pointer;
        return;
    }
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (!strcmp(name, entries[i].name))
            memcpy((char *)&bootstrap + entries[i].offset, &pointer, sizeof pointer);
    for (size_t i = 0; i < sizeof late_entries / sizeof *late_entries; i++)
        if (!strcmp(name, late_entries[i].name))
            __atomic_store_n((void **)(void *)((char *)&bootstrap + late_entries[i].offset), pointer, __ATOMIC_RELEASE);
}

int bootstrap_need(const char *name)
{
    struct body body = leave_body();
    bootstrap.need(name);
    back_in_body(body);
    return 0;
}

/* What went wrong in a call that jl_exception_occurred tells of, through Julia's own means. */
static jlt_status failed(const char *what)
{
    jlt_value *exception = julia.exception_occurred();
    jlt_value *show = julia.eval_string("e -> sprint(showerror, e)");
    jlt_value *text = exception && show ? julia.call1(show, exception) : NULL;
    return error_fail(JLT_NO_JULIA, "Julia started but cannot be used: %s: %s", what,
                      text        ? julia.string_ptr(text)
                      : exception ? julia.typeof_str(exception)
                                  : "unknown reason");
}

jlt_status bootstrap_load(void)
{
    /* jl_eval_string would run the code in an old world where the program is not julia itself (1.5); include_string
     * does not */
    jlt_value *include = julia.eval_string("s -> Base.include_string(Main, s, \"jltask_bootstrap.jl\")");
    jlt_value *text = julia.pchar_to_string(source, strlen(source));
    jlt_value *module = include ? julia.call1(include, text) : NULL;
    if (!module)
        return failed("evaluating bootstrap.jl");
    jlt_value *boot = julia.eval_string("Main.JLTask.boot");
    jlt_value *pointer = julia.box_voidpointer((void *)(uintptr_t)give);
    if (!boot || !julia.call1(boot, pointer))
        return failed("running bootstrap.jl");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        void *pointer_given;
        memcpy(&pointer_given, (char *)&bootstrap + entries[i].offset, sizeof pointer_given);
        if (!pointer_given)
            return error_fail(JLT_NO_JULIA, "Julia started but cannot be used: it gave no %s", entries[i].name);
    }
    if (!bootstrap.worker_count)
        return error_fail(JLT_NO_JULIA, "Julia started but has no threads in its default pool");
    return JLT_OK;
}
