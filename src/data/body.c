/* SPDX-License-Identifier: MIT
 *
 * A task whose bodies are Julia functions is an ordinary task with the C bodies below. Its start looks up what the type
 * names, has Julia check it and make the state, and gets an entry: the address of Julia code, compiled for just this
 * run function and these types of state, input and output (body.jl), which reads the input and writes the output where
 * C has them. A message then costs one call of that.
 *
 * The state, and the function for exit, are rooted by the frame of the start, so as long as the task lives. Julia moves
 * nothing, so the pointers stay good. */
#include "data/body.h"

#include "data/frame.h"
#include "julia/bootstrap.h"

#include <string.h>

static const char julia_text[] = {
#include "body.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:body.jl", 0};

/* What a type names, as new_state in body.jl takes it. A value may be NULL. */
struct parts {
    jlt_value *init, *run;
    jlt_value *types[3]; /* of config, input and output */
    size_t sizes[3];
};

typedef jlt_value *entry_function(jlt_value *state, const void *input, void *output, int *failed);

JULIA_FUNCTION(source, jlt_value *, type_expression, (const char *text, int *failed), "Any, (Ptr{UInt8}, Failed)");
JULIA_FUNCTION(source, jlt_value *, new_state,
               (const struct parts *parts, const void *config, entry_function **entry, int *failed),
               "Any, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Failed)");

struct state {
    const struct type *type; /* first: core puts it there */
    entry_function *entry;
    jlt_value *value;
    jlt_value *exit; /* or NULL */
};

static struct outcome evaluate_type(const char *text)
{
    RETURN_LATE(type_expression, text, &failed);
}

static bool is_expression(const char *name)
{
    return strpbrk(name, "{( ") != NULL;
}

/* What a name stands for; NULL for none, and where the frame has failed. */
static jlt_value *named(jlt_frame *frame, const char *name)
{
    if (!name || frame->base->failed)
        return NULL;
    return frame_take(frame, julia_global(name));
}

static jlt_value *named_type(jlt_frame *frame, const char *name)
{
    if (!name || !is_expression(name) || frame->base->failed)
        return named(frame, name);
    return frame_take(frame, evaluate_type(name));
}

static struct outcome new_value(const struct parts *parts, const void *config, entry_function **entry)
{
    RETURN_LATE(new_state, parts, config, entry, &failed);
}

static void begin(jlt_frame *frame, void *data, const void *config)
{
    struct state *state = data;
    const jlt_persistent_type *type = &state->type->fields;
    jlt_frame *scope = jlt_scope_open(frame); /* what the task need not keep */
    if (!scope)
        return;
    const struct parts parts = {
        .init = named(scope, type->julia_init),
        .run = named(scope, type->julia_run),
        .types = {named_type(scope, type->julia_config), named_type(scope, type->julia_input),
                  named_type(scope, type->julia_output)},
        .sizes = {type->config_size, type->input_size, type->output_size},
    };
    state->exit = named(frame, type->julia_exit);
    if (!frame->failed)
        state->value = frame_take(frame, new_value(&parts, config, &state->entry));
    jlt_scope_close(scope);
}

static struct outcome call_entry(const struct state *state, const void *input, void *output)
{
    RETURN_OUTCOME(state->entry(state->value, input, output, &failed));
}

static void run(jlt_frame *frame, void *data, const void *input, void *output)
{
    struct outcome outcome = call_entry(data, input, output);
    if (__builtin_expect(outcome.failed, 0))
        frame_take(frame, outcome);
    else
        julia_may_collect();
}

static void end(jlt_frame *frame, void *data)
{
    const struct state *state = data;
    frame_take(frame, julia_call((jlt_value *const[]){state->exit, state->value}, 2));
}

const struct julia_bodies julia_bodies = {sizeof(struct state), begin, run, end};
