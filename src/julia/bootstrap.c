/* SPDX-License-Identifier: MIT */
#include "julia/bootstrap.h"

#include "base/error.h"
#include "base/spinlock.h"
#include "julia/calls.h"
#include "julia/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bootstrap bootstrap;

static const char julia_text[] = {
#include "bootstrap.inc"
    , 0};

/* Julia's exception as text, through its own means; good until Julia runs again. */
static const char *exception_text(void)
{
    jlt_value *exception = julia.exception_occurred();
    if (!exception)
        return "unknown reason";
    jlt_value *show = julia.eval_string("e -> sprint(showerror, e)");
    jlt_value *shown = show ? julia.call1(show, exception) : NULL;
    return shown ? julia.string_ptr(shown) : julia.typeof_str(exception);
}

jlt_status bootstrap_failed(const char *what)
{
    return error_fail(JLT_NO_JULIA, "Julia started but cannot be used: %s: %s", what, exception_text());
}

/* Evaluated, not looked up by jl_get_global, which from 1.12 on sees what the calling task's world had. */
jlt_value *bootstrap_global(const char *name)
{
    char code[64];
    snprintf(code, sizeof code, "Main.JLTask.%s", name);
    return julia.eval_string(code);
}

/* Evaluates code in the module; *fails the process if that fails: there is no memory left to compile with, or this
 * Julia lacks what the code needs. */
static jlt_value *evaluate(const char *code, const char *file)
{
    const char *strings[] = {code, file};
    jlt_value *value = julia.call1(bootstrap.evaluate, julia.box_voidpointer(strings));
    if (value)
        return value;
    fprintf(stderr, "jltask: %s: %s\n", file, exception_text());
    abort();
}

static void evaluate_source(struct julia_source *source)
{
    if (!source->evaluated)
        evaluate(source->text, source->file);
    source->evaluated = true;
}

/* A thread that waits for the lock lets collections go on; the one that has it does not switch tasks. */
void *bootstrap_need(struct julia_function *function)
{
    static struct spinlock lock = {ATOMIC_FLAG_INIT};
    struct body body = leave_body();
    while (!spin_try_lock(&lock))
        julia.gc_safepoint();
    if (function->base)
        evaluate_source(function->base);
    evaluate_source(function->source);
    void *pointer = julia.unbox_voidpointer(evaluate(function->expression, function->expression));
    spin_unlock(&lock);
    back_in_body(body);
    __atomic_store_n(&function->pointer, pointer, __ATOMIC_RELEASE);
    return pointer;
}

static void take_values(void)
{
    static const struct {
        const char *name;
        size_t offset;
    } values[] = {
#define VALUE(name) {#name, offsetof(struct bootstrap, name)},
        BOOTSTRAP_VALUES(VALUE)
#undef VALUE
    };
    jlt_value *main = julia.eval_string("Main");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        jlt_value *value = julia.get_global(main, julia.symbol(values[i].name));
        memcpy((char *)&bootstrap + values[i].offset, &value, sizeof value);
    }
}

/* START in bootstrap.jl. */
struct start {
    const int64_t *worker_threads;
    size_t worker_count;
    void *functions[];
};

static jlt_status take_start(void)
{
    jlt_value *start_value = bootstrap_global("START_AT");
    bootstrap.evaluate = bootstrap_global("evaluate");
    if (!start_value || !bootstrap.evaluate)
        return bootstrap_failed("looking for what bootstrap.jl has");
    const struct start *start = julia.unbox_voidpointer(start_value);
    if (!start->worker_count)
        return error_fail(JLT_NO_JULIA, "Julia started but has no threads in its default pool");
    bootstrap.worker_count = start->worker_count < max_workers ? (unsigned)start->worker_count : max_workers;
    for (unsigned i = 0; i < bootstrap.worker_count; i++)
        bootstrap.worker_threads[i] = (int)start->worker_threads[i];
    memcpy(&bootstrap.call, start->functions, sizeof bootstrap - offsetof(struct bootstrap, call));
    return JLT_OK;
}

jlt_status bootstrap_load(void)
{
    /* jl_eval_string would run the code in an old world where the program is not julia itself (1.5); include_string
     * does not */
    jlt_value *include = julia.eval_string("s -> Base.include_string(Main, s, \"jltask:bootstrap.jl\")");
    jlt_value *source = julia.pchar_to_string(julia_text, sizeof julia_text - 1);
    if (!include || !julia.call1(include, source))
        return bootstrap_failed("evaluating bootstrap.jl");
    take_values();
    return take_start();
}
