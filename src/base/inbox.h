/* SPDX-License-Identifier: MIT
 *
 * A lock-free inbox: many senders push, one owner takes everything at once. It is Treiber's stack (R. K. Treiber,
 * "Systems programming: coping with parallelism", 1986) with the owner's side reduced to an exchange, so that
 * there is no ABA problem; the owner reverses what it took, which restores the order of the pushes.
 *
 * Besides a list the head can say
 *   INBOX_IDLE    nobody owns the inbox; the push that finds this becomes responsible for handing it to an owner
 *   INBOX_SEALED  nothing is accepted any more, for ever
 * so that "is anybody looking after this?" and "is this accepted?" are decided by the same atomic step that
 * enqueues. All operations are sequentially consistent: callers pair them with other flags (worker.h).
 *
 * Restoring the order walks a chain of nodes that other cores have just written, and each step would wait for a cache
 * line from there. So a node carries a hint, the node that the same sender pushed a few pushes before it, which the
 * walk meets a few steps later: it is only prefetched, never read through, so it may be gone. */
#ifndef JLT_BASE_INBOX_H
#define JLT_BASE_INBOX_H

#include "base/prefetch.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inbox_node {
    struct inbox_node *next;
    _Atomic(struct inbox_node *) hint; /* relaxed: whoever reads it makes nothing of what it says */
};

/* The last nodes that a thread has pushed, for hints. */
enum { inbox_trail_length = 8 };
struct inbox_trail {
    struct inbox_node *nodes[inbox_trail_length];
    unsigned next;
};

struct inbox {
    _Atomic(struct inbox_node *) head;
};

#define INBOX_IDLE ((struct inbox_node *)(uintptr_t)1)
#define INBOX_SEALED ((struct inbox_node *)(uintptr_t)2)

enum inbox_push { INBOX_PUSHED, INBOX_WAS_IDLE, INBOX_REFUSED };

static inline void inbox_set_hint(struct inbox_node *node, struct inbox_trail *trail)
{
    struct inbox_node **oldest = &trail->nodes[trail->next++ % inbox_trail_length];
    atomic_store_explicit(&node->hint, *oldest, memory_order_relaxed);
    *oldest = node;
}

/* Any thread. On INBOX_REFUSED the node is still the caller's. trail: the thread's own, for nodes of this kind. */
static inline enum inbox_push inbox_push(struct inbox *inbox, struct inbox_node *node, struct inbox_trail *trail)
{
    inbox_set_hint(node, trail);
    struct inbox_node *head = atomic_load(&inbox->head);
    do {
        if (head == INBOX_SEALED)
            return INBOX_REFUSED;
        node->next = head == INBOX_IDLE ? NULL : head;
    } while (!atomic_compare_exchange_weak(&inbox->head, &head, node));
    return head == INBOX_IDLE ? INBOX_WAS_IDLE : INBOX_PUSHED;
}

/* The same for several in one step, linked by `next` from the last to the first, with their hints set. */
static inline enum inbox_push inbox_push_chain(struct inbox *inbox, struct inbox_node *first, struct inbox_node *last)
{
    struct inbox_node *head = atomic_load(&inbox->head);
    do {
        if (head == INBOX_SEALED)
            return INBOX_REFUSED;
        first->next = head == INBOX_IDLE ? NULL : head;
    } while (!atomic_compare_exchange_weak(&inbox->head, &head, last));
    return head == INBOX_IDLE ? INBOX_WAS_IDLE : INBOX_PUSHED;
}

/* Pushes one, but on an inbox that nobody owns, or that is sealed, does nothing: false. */
static inline bool inbox_push_to_owned(struct inbox *inbox, struct inbox_node *node, struct inbox_trail *trail)
{
    inbox_set_hint(node, trail);
    struct inbox_node *head = atomic_load(&inbox->head);
    do {
        if (head == INBOX_IDLE || head == INBOX_SEALED)
            return false;
        node->next = head;
    } while (!atomic_compare_exchange_weak(&inbox->head, &head, node));
    return true;
}

/* What was taken out, oldest first, linked by `next`; empty: first is NULL. */
struct inbox_chain {
    struct inbox_node *first, *last;
    unsigned length;
};

/* A chain of one. */
static inline struct inbox_chain inbox_chain_of(struct inbox_node *node)
{
    return (struct inbox_chain){node, node, 1};
}

/* What was taken out and is to be handled, in order; zeroed: nothing. */
struct inbox_list {
    struct inbox_node *first, *last;
};

static inline void inbox_append(struct inbox_list *list, struct inbox_chain chain)
{
    if (!chain.first)
        return;
    if (list->first)
        list->last->next = chain.first;
    else
        list->first = chain.first;
    list->last = chain.last;
    list->last->next = NULL;
}

/* NULL: it is empty. */
static inline struct inbox_node *inbox_pop(struct inbox_list *list)
{
    struct inbox_node *node = list->first;
    if (node)
        list->first = node->next;
    return node;
}

/* What was in the head, turned round. */
static inline struct inbox_chain inbox_in_order(struct inbox_node *head)
{
    struct inbox_chain chain = {NULL, head, 0};
    for (struct inbox_node *node = chain.last, *next; node; node = next, chain.length++) {
        prefetch_to_write(atomic_load_explicit(&node->hint, memory_order_relaxed));
        next = node->next;
        node->next = chain.first;
        chain.first = node;
    }
    return chain;
}

/* The owner: takes the head of everything pushed so far, for inbox_in_order. Not on an idle or sealed inbox. */
static inline struct inbox_node *inbox_take_head(struct inbox *inbox)
{
    struct inbox_node *head = atomic_load(&inbox->head);
    if (!head)
        return NULL;
    __builtin_prefetch(head); /* while the exchange waits for its own line */
    return atomic_exchange(&inbox->head, NULL);
}

/* The owner: everything pushed so far. Not on an idle or sealed inbox. */
static inline struct inbox_chain inbox_take(struct inbox *inbox)
{
    return inbox_in_order(inbox_take_head(inbox));
}

/* The owner: the same as inbox_take_head, and nothing is accepted from the same step on. Also on an idle or sealed
 * inbox. */
static inline struct inbox_node *inbox_seal_head(struct inbox *inbox)
{
    struct inbox_node *head = atomic_exchange(&inbox->head, INBOX_SEALED);
    return head == INBOX_IDLE || head == INBOX_SEALED ? NULL : head;
}

static inline struct inbox_chain inbox_seal(struct inbox *inbox)
{
    return inbox_in_order(inbox_seal_head(inbox));
}

/* Makes the caller the owner of an empty inbox that nobody owned. False: it was not so. */
static inline bool inbox_claim(struct inbox *inbox)
{
    struct inbox_node *idle = INBOX_IDLE;
    return atomic_compare_exchange_strong(&inbox->head, &idle, NULL);
}

/* The owner: from empty to INBOX_IDLE or INBOX_SEALED. False if something was pushed meanwhile. */
static inline bool inbox_leave(struct inbox *inbox, struct inbox_node *as)
{
    struct inbox_node *empty = NULL;
    return atomic_compare_exchange_strong(&inbox->head, &empty, as);
}

static inline bool inbox_is_sealed(const struct inbox *inbox)
{
    return atomic_load(&inbox->head) == INBOX_SEALED;
}

/* Any thread; a hint unless paired with another flag. */
static inline bool inbox_is_empty(const struct inbox *inbox)
{
    struct inbox_node *head = atomic_load(&inbox->head);
    return !head || head == INBOX_IDLE || head == INBOX_SEALED;
}

#endif
