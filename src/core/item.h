/* SPDX-License-Identifier: MIT
 *
 * What a worker can find in its inbox, and a task in its mailbox. */
#ifndef JLT_CORE_ITEM_H
#define JLT_CORE_ITEM_H

#include "base/inbox.h"

enum item_kind {
    ITEM_TASK,    /* worker: a persistent task that has messages */
    ITEM_MESSAGE, /* worker: a one-shot task; mailbox: a message, or the start */
    ITEM_DROPPED, /* mailbox: the last handle is gone; nothing comes after this */
    ITEM_WAKE,    /* worker: a parker whose fiber waits on this thread */
    ITEM_CLOSE,   /* worker: the runtime closes */
    ITEM_CANCEL,  /* worker: ... and what has not begun is cancelled */
};

struct item {
    struct inbox_node node; /* first: a node is cast to its item */
    enum item_kind kind;
};

static inline struct item *item_of(struct inbox_node *node)
{
    return (struct item *)node;
}

#endif
