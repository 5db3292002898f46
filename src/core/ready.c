/* SPDX-License-Identifier: MIT
 *
 * A thing on its way from the inbox to the list is in neither for a moment, and whoever looks then may go to sleep. So
 * who takes something sees to it that what it leaves behind is looked after (attention_begin_body): it stores the list,
 * then looks at the lookout; one who goes to sleep changes the lookout, then looks at the list. For that the store that
 * fills the list is sequentially consistent; those under the lock that shorten it may be seen late, which costs a look
 * for nothing.
 *
 * Who seals the queue must not miss it either: so a thing goes from the inbox, or from what a worker has taken ahead,
 * into the list under the lock, which is also held to seal. */
#include "core/ready.h"

void ready_init(struct ready *ready)
{
    atomic_init(&ready->inbox.head, NULL);
    atomic_init(&ready->lookout, 0);
    atomic_init(&ready->callers, 0);
    atomic_flag_clear(&ready->lock.held);
    atomic_init(&ready->first, NULL);
    ready->last = NULL;
    atomic_init(&ready->length, 0);
    atomic_init(&ready->taken, 0);
}

/* relaxed: by the one who holds the lock, or as a hint */
static void add_relaxed(atomic_uint *counter, unsigned number)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + number, memory_order_relaxed);
}

static void append(struct ready *ready, struct inbox_chain chain)
{
    if (!chain.first)
        return;
    if (atomic_load_explicit(&ready->first, memory_order_relaxed))
        ready->last->next = chain.first;
    else
        atomic_store(&ready->first, chain.first);
    ready->last = chain.last;
    add_relaxed(&ready->length, chain.length);
}

static void drain(struct ready *ready)
{
    if (!inbox_is_empty(&ready->inbox)) /* sealed, it stays so */
        append(ready, inbox_take(&ready->inbox));
}

/* The list's first node, by the one who holds the lock. */
static struct inbox_node *pop(struct ready *ready)
{
    struct inbox_node *node = atomic_load_explicit(&ready->first, memory_order_relaxed);
    if (node) {
        atomic_store_explicit(&ready->first, node->next, memory_order_relaxed);
        add_relaxed(&ready->length, -1U);
        add_relaxed(&ready->taken, 1);
    }
    return node;
}

struct item *ready_take(struct ready *ready, struct ahead *ahead, unsigned most)
{
    if (ready_is_empty(ready))
        return NULL;
    ahead->next = ahead->end = 0;
    spin_lock(&ready->lock);
    if (!atomic_load_explicit(&ready->first, memory_order_relaxed))
        drain(ready);
    struct inbox_node *node = pop(ready), *next = NULL;
    while (ahead->end < most && (next = pop(ready)))
        /* release: the watch that takes it sees it whole */
        atomic_store_explicit(&ahead->nodes[ahead->end++], next, memory_order_release);
    spin_unlock(&ready->lock);
    return node ? item_of(node) : NULL;
}

struct item *ahead_take(struct ahead *ahead)
{
    add_relaxed(&ahead->taken, 1);
    while (ahead->next < ahead->end) {
        struct inbox_node *node = atomic_exchange(&ahead->nodes[ahead->next++], NULL);
        if (node)
            return item_of(node);
    }
    return NULL;
}

/* By the one who holds the lock. */
static void put_back(struct ready *ready, struct inbox_node *node)
{
    node->next = NULL;
    drain(ready);
    append(ready, inbox_chain_of(node));
}

bool ahead_give_back(struct ahead *ahead, struct ready *ready)
{
    unsigned taken = atomic_load_explicit(&ahead->taken, memory_order_relaxed);
    bool moves = taken != ahead->taken_before, any = false;
    ahead->taken_before = taken;
    spin_lock(&ready->lock);
    for (unsigned i = 0; i < ahead_at_most; i++) {
        struct inbox_node *node = moves ? NULL : atomic_exchange(&ahead->nodes[i], NULL);
        if (node)
            put_back(ready, node);
        any = any || atomic_load(&ahead->nodes[i]);
    }
    spin_unlock(&ready->lock);
    return any;
}

void ready_put_back(struct ready *ready, struct item *item)
{
    spin_lock(&ready->lock);
    put_back(ready, &item->node);
    spin_unlock(&ready->lock);
}

bool ready_seal(struct ready *ready)
{
    spin_lock(&ready->lock);
    bool sealed = !atomic_load_explicit(&ready->first, memory_order_relaxed) &&
                  (inbox_leave(&ready->inbox, INBOX_SEALED) || inbox_is_sealed(&ready->inbox));
    spin_unlock(&ready->lock);
    return sealed;
}
