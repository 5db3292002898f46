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
    jlt_value *shown = julia.call2(bootstrap.sprint, bootstrap.showerror, exception);
    return shown ? julia.string_ptr(shown) : julia.typeof_str(exception);
}

static jlt_status failed(const char *what)
{
    return error_fail(JLT_NO_JULIA, "Julia started but cannot be used: %s: %s", what, exception_text());
}

/* Evaluates code in the module. NULL: Julia threw. By include_string, since jl_eval_string runs code in an old world
 * where the program is not julia itself (1.5), and takes 150 ms to have Julia's parser compiled (1.10 and later). */
static jlt_value *include(jlt_value *module, const char *code, const char *file)
{
    int enabled = julia.gc_enable(0); /* until jl_call has rooted both strings */
    jlt_value *arguments[] = {bootstrap.identity, module, julia.pchar_to_string(code, strlen(code)),
                              julia.pchar_to_string(file, strlen(file))};
    julia.gc_enable(enabled);
    return julia.call(bootstrap.include_string, arguments, sizeof arguments / sizeof *arguments);
}

/* Evaluates code in bootstrap.jl's module; ends the process if that fails: there is no memory left to compile with, or
 * this Julia lacks what the code needs. */
static jlt_value *evaluate(const char *code, const char *file)
{
    jlt_value *value = include(bootstrap.module, code, file);
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

/* What @cfunction stands for, since expanding that takes up to 30 ms at first (1.12). */
static void *compile(const char *name, const char *signature)
{
    enum { longest = 512 };
    char code[longest];
    const char *arguments = strchr(signature, '(');
    int result_length = (int)(arguments - signature - 2); /* without ", " */
    snprintf(code, sizeof code,
             "Core.eval(JLTask, Expr(:cfunction, Ptr{Cvoid}, QuoteNode(:%s), :(%.*s), :(Core.svec%s), "
             "QuoteNode(:ccall)))",
             name, result_length, signature, arguments);
    return julia.unbox_voidpointer(evaluate(code, name));
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
    void *pointer = compile(function->name, function->signature);
    spin_unlock(&lock);
    back_in_body(body);
    __atomic_store_n(&function->pointer, pointer, __ATOMIC_RELEASE);
    return pointer;
}

static jlt_status take_values(void)
{
    static const struct {
        const char *name;
        size_t offset;
    } values[] = {
#define VALUE(name) {#name, offsetof(struct bootstrap, name)},
        BOOTSTRAP_VALUES(VALUE)
#undef VALUE
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        jlt_value *value = julia.get_global(*julia.main_module, julia.symbol(values[i].name));
        if (!value)
            return error_fail(JLT_NO_JULIA, "Julia started but cannot be used: it has no %s", values[i].name);
        memcpy((char *)&bootstrap + values[i].offset, &value, sizeof value);
    }
    return JLT_OK;
}

/* ---- threads ---- */

/* The number of the pool of Julia's thread; negative: in none, as the collector's own. */
static int pool_of(int tid)
{
    return julia.threadpoolid ? julia.threadpoolid((int16_t)(tid - 1)) : 0;
}

static bool is_in_default_pool(int tid)
{
    jlt_value *threadpool = julia.get_global(bootstrap.Threads, julia.symbol("threadpool"));
    return threadpool && julia.call1(threadpool, julia.box_int64(tid)) == julia.symbol("default");
}

/* The number of the pool that runs tasks. It depends on the release, so Julia is asked; but only where there is a
 * second pool, since the answer has to be compiled. */
static int default_pool(void)
{
    int pool = pool_of(1);
    for (int tid = 2; tid <= *julia.n_threads; tid++)
        if (pool_of(tid) >= 0 && pool_of(tid) != pool)
            return is_in_default_pool(tid) ? pool_of(tid) : pool;
    return pool;
}

static jlt_status take_threads(void)
{
    int pool = default_pool();
    for (int tid = 1; tid <= *julia.n_threads && bootstrap.worker_count < max_workers; tid++)
        if (pool_of(tid) == pool)
            bootstrap.worker_threads[bootstrap.worker_count++] = tid;
    if (!bootstrap.worker_count)
        return error_fail(JLT_NO_JULIA, "Julia started but has no threads in its default pool");
    return JLT_OK;
}

/* ---- functions ---- */

/* C's own libjulia does not show libuv's functions since 1.6. */
static jlt_status take_uv(void)
{
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
#define UV(name) {"uv_" #name, offsetof(struct uv, name)}
        UV(poll_init),  UV(poll_start),  UV(prepare_init), UV(prepare_start),
        UV(check_init), UV(check_start), UV(close),        UV(unref),
#undef UV
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        jlt_value *address = julia.call1(bootstrap.cglobal, julia.symbol(functions[i].name));
        if (!address)
            return failed(functions[i].name);
        void *function = julia.unbox_voidpointer(address);
        memcpy((char *)&bootstrap.uv + functions[i].offset, &function, sizeof function);
    }
    return JLT_OK;
}

jlt_status bootstrap_load(void)
{
    jlt_status status = take_values();
    if (status == JLT_OK)
        status = take_threads();
    if (status == JLT_OK)
        status = take_uv();
    if (status != JLT_OK)
        return status;
    bootstrap.module = include(bootstrap.Main, julia_text, "jltask:bootstrap.jl");
    if (!bootstrap.module)
        return failed("evaluating bootstrap.jl");
    /* not by jl_get_global, which from 1.12 on sees what the calling task's world had */
    bootstrap.Fiber = julia.call2(bootstrap.getfield, bootstrap.module, julia.symbol("Fiber"));
    if (!bootstrap.Fiber)
        return failed("looking for Fiber");
    void *call = compile("call", "Any, (Ptr{Any}, Int, Failed)");
    memcpy(&bootstrap.call, &call, sizeof call);
    return JLT_OK;
}
