/* SPDX-License-Identifier: MIT
 *
 * The runtime's queue: two senders, two workers, and bodies of which one computes, or is suspended, until another is
 * done. So what is ready must be begun although a worker is busy; and everything is done in the end. */
#define WORKERS 2
#ifndef FIBERS
#define FIBERS 3
#endif
#ifndef ITEMS
#define ITEMS 2
#endif

inline begin_closing(w) { skip }
inline guest_woken(w) { skip }

/* Then nothing more can be lost, and all may stop where they are. */
#define OVER (done[1] && done[2] && (ITEMS < 3 || done[ITEMS]))

#include "common.pml"
#include "worker.pml"

proctype sender(byte first, last)
{
    byte item;
    LOCALS;
    item = first;
    do
    :: item <= last -> attention_push(item, some_); some_ = false; item++
    :: else -> break
    od;
    done[first] && done[last]
}

init
{
    byte i_;
    atomic {
#ifdef SUSPENDED
        kind[1] = WAITS;
#else
        kind[1] = LONG;
#endif
        until[1] = ITEMS;
        start();
#ifdef SENDERS
        run sender(1, ITEMS - 1);
        run sender(ITEMS, ITEMS)
#else
        run sender(1, ITEMS)
#endif
    }
}
