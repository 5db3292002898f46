/* SPDX-License-Identifier: MIT
 *
 * A worker's own inbox, its doorbell and its standby: two senders and one worker, whose bodies are suspended until
 * another is done, in a wait of jltask's or of Julia's; for a fiber there may be no memory at first; then the close.
 **/
#define WORKERS 1
#ifndef FIBERS
#define FIBERS 4
#endif
#define ITEMS 3
#define OWN
#define CLOSES
#ifdef LONG_FORM
#define YIELDS
#define EXITS_FIBERS
#endif

inline begin_closing(w)
{
    closing[w] = true /* core/closing.c closing_begin: worker->closing = true; */
}
inline guest_woken(w) { skip }

/* The close is the end; so nothing is over before. */
#define OVER false

#include "common.pml"
#include "worker.pml"

byte senders; /* that have their answers */

proctype sender(byte first, last)
{
    byte item;
    LOCALS;
    item = first;
    do
    :: item <= last -> worker_push(0, item, some_); assert(some_); item++
    :: else -> break
    od;
    atomic { done[first] && done[last] && done[2]; senders++; item = senders };
    if
    :: item == 2 -> worker_push(0, CLOSE, some_); assert(some_)
    :: else
    fi;
    if
    :: item == 1 -> worker_push(0, CANCEL, some_) /* too late, or not */
    :: else
    fi
}

init
{
    byte i_;
    atomic {
        kind[1] = TURNS; until[1] = 3;
#ifdef PARKED
        kind[2] = PARKS;
#else
        kind[2] = WAITS;
#endif
        until[2] = 1;
        if :: no_memory = 0 :: no_memory = 1 fi;
        start();
        run sender(1, 2);
        run sender(3, 3)
    };
    timeout;
    assert(ended[0] && bells_down && box_sealed[0] && EMPTY(box[0]) && EMPTY(own[0]))
}
