/* SPDX-License-Identifier: MIT
 *
 * Handles of builds with JLT_CHECKS. */
#include "api/api.h"

struct handle {
    uint32_t life; /* enum life_tag */
    uint32_t kind;
    void *target;
};

static const char ended[] = "the handle was dropped before";

void *handle_make(enum handle_kind kind, void *target)
{
    struct handle *handle = quarantine_new(sizeof *handle);
    if (!handle)
        checks_abort("jltask", "no memory for a handle");
    *handle = (struct handle){LIFE_ALIVE, kind, target};
    return handle;
}

static void expect_kind(const struct handle *handle, enum handle_kind kind, const char *call)
{
    if (handle->kind != kind)
        checks_abort(call, "the handle is one on something else");
}

void *handle_look(const void *handle, enum handle_kind kind, const char *call)
{
    const struct handle *looked_at = handle;
    quarantine_expect(&looked_at->life, call, ended);
    expect_kind(looked_at, kind, call);
    return looked_at->target;
}

void *handle_take(void *handle, enum handle_kind kind, const char *call)
{
    struct handle *taken = handle;
    if (__atomic_exchange_n(&taken->life, LIFE_ENDED, __ATOMIC_SEQ_CST) != LIFE_ALIVE)
        checks_abort(call, ended);
    expect_kind(taken, kind, call);
    void *target = taken->target;
    quarantine_free(taken, sizeof *taken);
    return target;
}
