/* SPDX-License-Identifier: MIT */
#include "julia/bootstrap.h"

#include "base/error.h"
#include "base/spinlock.h"
#include "core/message.h"
#include "core/worker.h"
#include "julia/calls.h"
#include "julia/stack.h"
#include "julia/symbols.h"

#include <stdio.h>
#include <string.h>

struct bootstrap bootstrap;

static const char julia_text[] = {
#include "bootstrap.inc"
    , 0};

/* What STEP in bootstrap.jl evaluates; under the lock of bootstrap_need, and at the start. */
static struct {
    const char *text;
    intptr_t length;
    const char *file;
    void *entry; /* compile's answer */
} request;

/* Julia's exception as text, through its own means; good until Julia runs again. *type: the name of its type. */
static const char *exception_text(const char **type)
{
    jlt_value *exception = julia.exception_occurred(), *name = julia.symbol("error");
    *type = "";
    if (!exception)
        return "unknown reason";
    *type = julia.typeof_str(exception);
    while (strcmp(*type, "LoadError") == 0) { /* include_string's wrapper */
        exception = julia.call2(bootstrap.getfield, exception, name);
        if (!exception)
            return *type;
        *type = julia.typeof_str(exception);
    }
    jlt_value *shown = julia.call2(bootstrap.sprint, bootstrap.showerror, exception);
    return shown ? julia.string_ptr(shown) : *type;
}

static jlt_status failed(const char *what)
{
    const char *type, *text = exception_text(&type);
    return error_fail(JLT_NO_JULIA, "Julia started but cannot be used: %s: %s", what, text);
}

/* Evaluates code in a module, at the start. NULL: Julia threw. By include_string, since jl_eval_string runs code in an
 * old world where the program is not julia itself (1.5), and takes 150 ms to have Julia's parser compiled (1.10 and
 * later). */
static jlt_value *include(jlt_value *module, const char *code, const char *file)
{
    int enabled = julia.gc_enable(0); /* until jl_call has rooted both strings */
    jlt_value *arguments[] = {bootstrap.identity, module, julia.pchar_to_string(code, strlen(code)),
                              julia.pchar_to_string(file, strlen(file))};
    julia.gc_enable(enabled);
    return julia.call(bootstrap.include_string, arguments, sizeof arguments / sizeof *arguments);
}

/* The same in bootstrap.jl's module, by a call that takes nothing which C would have to make in Julia's memory first.
 * False: Julia threw. Interrupts are put off for the parser's sake (bootstrap_parser_is_unsafe). */
static bool evaluate(const char *code, size_t length, const char *file)
{
    request.text = code;
    request.length = (intptr_t)length;
    request.file = file;
    julia.sigatomic_begin();
    bool evaluated = julia.call2(bootstrap.eval, bootstrap.module, bootstrap.STEP) != NULL;
    julia.sigatomic_end();
    return evaluated;
}

bool bootstrap_parser_is_unsafe(void)
{
    return julia_minor() < 7;
}

/* Whether a statement of a file of ours begins with this line: those are what is not indented, but for what ends or
 * divides one. */
static bool begins_statement(const char *line)
{
    static const char *const others[] = {" ", "\n", "#", ")", "]", "end", "else", "catch", "finally"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strncmp(line, others[i], strlen(others[i])) == 0)
            return false;
    return true;
}

static const char *end_of_statement(const char *text)
{
    const char *line = text;
    do {
        const char *end = strchr(line, '\n');
        line = end ? end + 1 : line + strlen(line);
    } while (*line && !begins_statement(line));
    return line;
}

/* A try after a failure goes on at the statement that failed. */
static bool evaluate_source(struct julia_source *source)
{
    while (source && source->text[source->done]) {
        const char *text = source->text + source->done;
        size_t length = (size_t)(end_of_statement(text) - text);
        if (!evaluate(text, length, source->file))
            return false;
        source->done += length;
    }
    return true;
}

/* What @cfunction stands for, since expanding that takes up to 30 ms at first (1.12). NULL: Julia threw. */
static void *compile(const char *name, const char *signature)
{
    enum { longest = 640 };
    char code[longest];
    const char *arguments = strchr(signature, '(');
    int result_length = (int)(arguments - signature - 2); /* without ", " */
    int length = snprintf(code, sizeof code,
                          "Core.Intrinsics.pointerset(REQUEST, Core.Intrinsics.bitcast(Ptr{UInt8}, Core.eval(JLTask, "
                          "Expr(:cfunction, Ptr{Cvoid}, QuoteNode(:%s), :(%.*s), :(Core.svec%s), "
                          "QuoteNode(:ccall)))), 4, 1)",
                          name, result_length, signature, arguments);
    request.entry = NULL;
    return evaluate(code, (size_t)length, name) ? request.entry : NULL;
}

/* Why Julia did not do what bootstrap_need asked for: what it says, or, if it could not even say that, its exception's
 * type. */
static struct error *refusal(const char *file)
{
    char message[1024];
    const char *type, *text = exception_text(&type);
    snprintf(message, sizeof message, "%s\n(while jltask prepared its own Julia code, %s)", text, file);
    jlt_status status = strcmp(type, "OutOfMemoryError") ? JLT_EXCEPTION : JLT_NO_MEMORY;
    return error_new(status, (struct text){message, strlen(message)}, (struct text){type, strlen(type)},
                     (struct text){0});
}

/* Julia can throw through C where its stack or memory ends: by longjmp, so that nothing after it is done. So between
 * lock and unlock there are only calls that catch, with stack enough to come to their own try. A thread that waits for
 * the lock lets collections go on; the one that has it does not switch tasks. It may run finalizers, though, and one
 * that calls C must not wait for itself. */
void *bootstrap_need(struct julia_function *function, struct error **error)
{
    static struct spinlock lock = {ATOMIC_FLAG_INIT};
    static _Thread_local bool has_lock;
    if (has_lock)
        *error = error_format(JLT_FAILED, "jltask is preparing other Julia code on this thread just now");
    else if (!stack_has_room(STACK_TO_COMPILE))
        *error = stack_overflow("to compile a function of jltask's that is used for the first time");
    if (*error)
        return NULL;
    struct body body = leave_body();
    while (!spin_try_lock(&lock))
        julia.gc_safepoint();
    has_lock = true;
    bool evaluated = evaluate_source(function->base) && evaluate_source(function->source);
    void *pointer = evaluated ? compile(function->name, function->signature) : NULL;
    has_lock = false;
    spin_unlock(&lock);
    if (!pointer)
        *error = refusal(function->source->file);
    back_in_body(body);
    if (pointer)
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

/* ---- tasks, and Julia's version ---- */

/* The number of a field of Julia's tasks, from 1; 0: they have none of this name. */
static int task_field(const char *name)
{
    return julia.field_index(bootstrap.Task, julia.symbol(name), 0) + 1;
}

/* False: Julia threw. */
static bool take_offset(int field, size_t *offset)
{
    jlt_value *value = julia.call2(bootstrap.fieldoffset, bootstrap.Task, julia.box_int64(field));
    if (value)
        *offset = julia.unbox_uint64(value);
    return value != NULL;
}

static jlt_status take_task_fields(void)
{
    struct task_fields *fields = &bootstrap.task_fields;
    int random = task_field("rngState0"); /* since 1.7 */
    if (!take_offset(task_field("storage"), &fields->storage_at) ||
        (random && !take_offset(random, &fields->random_at)))
        return failed("looking at its tasks");
    if (random)
        fields->random_words = task_field("rngState4") ? 5 : 4;
    bootstrap.inherited = julia.symbol(task_field("scope") ? "scope" : "logstate"); /* the former since 1.11 */
    bootstrap.setfield = julia.get_global(*julia.main_module, julia.symbol("setfield!"));
    return JLT_OK;
}

static jlt_status take_version(void)
{
    jlt_value *text = julia.call1(bootstrap.string, bootstrap.VERSION);
    if (!text)
        return failed("looking for its version");
    bootstrap.version = strdup(julia.string_ptr(text));
    return bootstrap.version ? JLT_OK : error_report(error_constant(JLT_NO_MEMORY));
}

/* ---- bootstrap.jl ---- */

/* Something of it, not by jl_get_global, which from 1.12 on sees what the calling task's world had. */
static jlt_value *look_up(jlt_value *module, const char *name)
{
    return julia.call2(bootstrap.getfield, module, julia.symbol(name));
}

static int is_given_up(const struct fiber *fiber)
{
    return fiber->message && message_is_given_up(fiber->message);
}

static jlt_status load_module(void)
{
    char code[160];
    bootstrap.module = include(bootstrap.Main, julia_text, "jltask:bootstrap.jl");
    if (!bootstrap.module)
        return failed("evaluating bootstrap.jl");
    snprintf(code, sizeof code, "const REQUEST = Ptr{Ptr{UInt8}}(%llu); const IS_GIVEN_UP = Ptr{Cvoid}(%llu)",
             (unsigned long long)(uintptr_t)&request, (unsigned long long)(uintptr_t)is_given_up);
    if (!include(bootstrap.module, code, "jltask:bootstrap.jl"))
        return failed("defining REQUEST");
    bootstrap.eval = look_up(bootstrap.Core, "eval");
    bootstrap.STEP = look_up(bootstrap.module, "STEP");
    bootstrap.Fiber = look_up(bootstrap.module, "Fiber");
    if (!bootstrap.eval || !bootstrap.STEP || !bootstrap.Fiber)
        return failed("looking for what bootstrap.jl has");
    void *call = compile("call", "Any, (Ptr{Any}, Int, Failed)");
    memcpy(&bootstrap.call, &call, sizeof call);
    return call ? JLT_OK : failed("compiling its first function");
}

jlt_status bootstrap_load(void)
{
    static jlt_status (*const steps[])(void) = {take_values,      take_threads, take_uv,
                                                take_task_fields, take_version, load_module};
    jlt_status status = JLT_OK;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == JLT_OK; i++)
        status = steps[i]();
    return status;
}
