/* SPDX-License-Identifier: MIT
 *
 * Guests: code on one of the engine's threads that is no body of core's, such as a C function that a task of Julia's
 * own has called. When it waits in jltask it must not stop its thread, so it waits as a body does: on a fiber, which
 * the engine makes for it for as long as that takes. Nothing is ever pumped on that fiber; it has a worker only so that
 * its wake-up reaches one of the engine's threads. */
#ifndef JLT_CORE_GUEST_H
#define JLT_CORE_GUEST_H

#include <jltask.h>

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

struct fiber;

/* Memory for a guest's fiber, whatever the engine's are: a wait must not fail for lack of it. */
struct guest_room {
    alignas(max_align_t) unsigned char bytes[256];
};

struct guests {
    /* Whether the calling thread is one of the engine's. Where current_fiber is NULL, a guest calls. */
    bool (*here)(void);

    /* Before a wait of one of the engine's threads, a guest or a body: whether it can be carried through. If not, why
     * is reported, and nothing may be begun that the wait would end. */
    jlt_status (*prepare)(int64_t timeout_ns);

    /* A fiber for the calling guest, until leave; both on the same thread. May run code of the engine's, so no lock may
     * be held. */
    struct fiber *(*enter)(struct guest_room *room);
    void (*leave)(struct fiber *fiber);
};

/* Set once, before anybody waits, by an engine that has guests; else NULL. */
extern const struct guests *guests;

#endif
