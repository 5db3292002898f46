/* SPDX-License-Identifier: MIT
 *
 * What a worker can find in its inbox, and a task in its mailbox. */
#ifndef JLT_CORE_ITEM_H
#define JLT_CORE_ITEM_H

#include "base/inbox.h"

#include <stdatomic.h>

enum item_kind {
    ITEM_TASK,      /* worker: a persistent task that has messages */
    ITEM_ONCE,      /* worker: the message that is a one-shot task */
    ITEM_START,     /* mailbox: the message that runs init; its output is the first handle */
    ITEM_RUN,       /* mailbox: a message to run */
    ITEM_DROPPED,   /* mailbox: the last handle is gone; no message comes after this */
    ITEM_SEAL,      /* mailbox: the runtime closes, and no message is to be accepted once it is empty */
    ITEM_WAKE,      /* worker: a parker whose fiber waits on this thread */
    ITEM_CLOSE,     /* worker: the runtime closes */
    ITEM_CANCEL,    /* worker: ... and what has not begun is cancelled */
    ITEM_QUEUED,    /* completion queue: a message's place in it, where the message's own node is in use */
    ITEM_INTERRUPT, /* worker: what is suspended on its thread, and given up, is told to stop */
};

struct item {
    struct inbox_node node; /* first: a node is cast to its item */
    uint8_t kind;           /* enum item_kind */
    atomic_uchar phase;     /* of a message (message.h), as is the next */
    uint16_t flags;
    uint32_t life; /* of a message's receiver, with JLT_CHECKS (quarantine.h) */
};

static inline struct item *item_of(struct inbox_node *node)
{
    return (struct item *)node;
}

#endif
