/* SPDX-License-Identifier: MIT
 *
 * Equality and hashes. */
#include "data/value.h"

#include "julia/bootstrap.h"

static const char julia_text[] = {
#include "compare.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:compare.jl", 0};

JULIA_FUNCTION(source, jlt_value *, equal, (jlt_value * left, jlt_value *right, int *result, int *failed),
               "Any, (Any, Any, Ptr{Cint}, Failed)");
JULIA_FUNCTION(source, jlt_value *, equal_keys, (jlt_value * left, jlt_value *right, int *result, int *failed),
               "Any, (Any, Any, Ptr{Cint}, Failed)");
JULIA_FUNCTION(source, int, identical, (jlt_value * left, jlt_value *right), "Cint, (Any, Any)");
JULIA_FUNCTION(source, jlt_value *, hash_of, (jlt_value * value, uint64_t *result, int *failed),
               "Any, (Any, Ptr{UInt64}, Failed)");

static bool wants(jlt_frame *frame, const char *call, jlt_value *left, jlt_value *right)
{
    return frame_enter(frame, call) && frame_wants_value(frame, left, call, "left") &&
           frame_wants_value(frame, right, call, "right");
}

static struct outcome are_equal(jlt_value *left, jlt_value *right, int *result)
{
    RETURN_LATE(equal, left, right, result, &failed);
}

bool jlt_equal(jlt_frame *frame, jlt_value *left, jlt_value *right)
{
    int result = 0;
    if (!wants(frame, __func__, left, right))
        return false;
    julia_may_collect();
    return value_passed(frame, are_equal(left, right, &result)) && result;
}

static struct outcome are_equal_keys(jlt_value *left, jlt_value *right, int *result)
{
    RETURN_LATE(equal_keys, left, right, result, &failed);
}

bool jlt_isequal(jlt_frame *frame, jlt_value *left, jlt_value *right)
{
    int result = 0;
    if (!wants(frame, __func__, left, right))
        return false;
    julia_may_collect();
    return value_passed(frame, are_equal_keys(left, right, &result)) && result;
}

bool jlt_identical(jlt_frame *frame, jlt_value *left, jlt_value *right)
{
    identical_function *are_identical = wants(frame, __func__, left, right) ? FRAME_LATE(frame, identical) : NULL;
    return are_identical && are_identical(left, right);
}

static struct outcome compute_hash(jlt_value *value, uint64_t *result)
{
    RETURN_LATE(hash_of, value, result, &failed);
}

uint64_t jlt_hash(jlt_frame *frame, jlt_value *value)
{
    uint64_t result = 0;
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return 0;
    julia_may_collect();
    return value_passed(frame, compute_hash(value, &result)) ? result : 0;
}
