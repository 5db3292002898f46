/* SPDX-License-Identifier: MIT */
#include "julia/bootstrap.h"

#include "base/error.h"
#include "base/spinlock.h"
#include "julia/calls.h"
#include "julia/stack.h"
#include "julia/symbols.h"

#include <stdio.h>
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

/* What `evaluate` in bootstrap.jl is asked for. */
struct request {
    struct julia_source *base, *source;
    const char *expression;
    void *pointer; /* the answer */
};

/* Why Julia did not meet a request: what it says, or, if it could not even say that, its exception's type. */
static struct error *refusal(const struct request *request, jlt_value *said)
{
    const char *type = "", *text;
    if (said && julia.isa(said, bootstrap.String)) {
        type = julia.string_ptr(said);
        text = type + strlen(type) + 1;
    } else {
        jlt_value *exception = julia.exception_occurred();
        text = type = exception ? julia.typeof_str(exception) : "";
    }
    char message[1024];
    snprintf(message, sizeof message, "%s\n(while jltask prepared its own Julia code, %s)", text,
             request->source->file);
    return error_new(JLT_EXCEPTION, (struct text){message, strlen(message)}, (struct text){type, strlen(type)},
                     (struct text){0});
}

/* Julia can throw through C where its stack or memory ends: by longjmp, so that nothing after it is done. So between
 * lock and unlock there is only a call that catches, with stack enough to come to its own try. A thread that waits for
 * the lock lets collections go on; the one that has it does not switch tasks. It may run finalizers, though, and one
 * that calls C must not wait for itself. */
void *bootstrap_need(struct julia_function *function, struct error **error)
{
    static struct spinlock lock = {ATOMIC_FLAG_INIT};
    static _Thread_local bool has_lock;
    struct request request = {function->base, function->source, function->expression, NULL};
    if (has_lock)
        *error = error_format(JLT_FAILED, "jltask is preparing other Julia code on this thread just now");
    else if (!stack_has_room(STACK_TO_COMPILE))
        *error = stack_overflow("to compile a function of jltask's that is used for the first time");
    if (*error)
        return NULL;
    struct body body = leave_body();
    jlt_value *argument = julia.box_voidpointer(&request);
    while (!spin_try_lock(&lock)) {
        julia.gc_safepoint();
        argument = julia.box_voidpointer(&request); /* nothing roots the one that was made before */
    }
    has_lock = true;
    jlt_value *said = julia.call1(bootstrap.evaluate, argument);
    has_lock = false;
    spin_unlock(&lock);
    if (!request.pointer)
        *error = refusal(&request, said);
    back_in_body(body);
    if (request.pointer)
        __atomic_store_n(&function->pointer, request.pointer, __ATOMIC_RELEASE);
    return request.pointer;
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
    const struct task_fields *task_fields;
    const char *version;
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
    bootstrap.task_fields = start->task_fields;
    bootstrap.version = start->version;
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
