/* SPDX-License-Identifier: MIT */
#include "julia/interrupt.h"

#include "base/error.h"
#include "julia/bootstrap.h"
#include "julia/engine.h"

static const char julia_text[] = {
#include "interrupt.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:interrupt.jl", 0};

JULIA_FUNCTION(source, int, interrupt, (jlt_value * task), "Cint, (Any,)");

bool julia_interrupt(struct fiber *fiber)
{
    struct error *none = NULL;
    interrupt_function *function = LATE(interrupt, &none);
    error_free(none); /* then the body is not interrupted */
    return function && function(((struct julia_fiber *)fiber)->task) != 0;
}
