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

void quota_leave_set(struct quota *quota, struct gate_queue *senders, size_t bytes)
{
    gate_leave(&quota->messages, senders, 1);
    gate_leave(&quota->bytes, senders, bytes);
}
