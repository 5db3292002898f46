/* SPDX-License-Identifier: MIT */
#include "core/quota.h"

#include "core/helpers.h"
#include "core/parker.h"
#include "core/runtime.h"

void quota_init(struct quota *quota, const struct runtime_limits *limits)
{
    quota->is_set = limits->messages || limits->bytes;
    quota->few_fibers = limits->fibers;
    gate_init(&quota->messages, limits->messages);
    gate_init(&quota->bytes, limits->bytes);
}

bool quota_is_inside(void)
{
    return parker_suspends() || helpers_is_one();
}

static jlt_status enter(struct gate *gate, struct gate_queue *senders, size_t places,
                        const struct call_options *options)
{
    const struct gate_wait wait = {places, NULL, NULL, options->deadline, options->canceller};
    if (gate_try_enter(gate, places))
        return JLT_OK;
    if (options->dont_wait)
        return JLT_FULL;
    if (!quota_is_inside())
        return gate_enter(gate, senders, &wait);
    gate_force(gate, places);
    return JLT_OK;
}

jlt_status quota_enter(struct quota *quota, struct gate_queue *senders, size_t bytes,
                       const struct call_options *options)
{
    if (!quota->is_set)
        return JLT_OK;
    jlt_status status = enter(&quota->messages, senders, 1, options);
    if (status != JLT_OK)
        return status;
    status = enter(&quota->bytes, senders, bytes, options);
    if (status != JLT_OK)
        gate_leave(&quota->messages, senders, 1);
    return status;
}

void quota_leave_set(struct quota *quota, struct gate_queue *senders, size_t bytes)
{
    gate_leave(&quota->messages, senders, 1);
    gate_leave(&quota->bytes, senders, bytes);
}
