/* SPDX-License-Identifier: MIT
 *
 * Things of the first worker's own and things of anybody's, in rows that go on from one to the other: two workers,
 * and a body that computes until another is done. Unless SENDERS, the first have just been pushed, and the doorbell
 * rung.
 * */
#define WORKERS 2
#ifndef FIBERS
#define FIBERS 3
#endif
#define ITEMS 4
#define OWN

inline begin_closing(w) { skip }
inline guest_woken(w) { skip }

#define OVER (done[1] && done[2] && done[3] && done[4])

#include "common.pml"
#include "worker.pml"

#ifdef SENDERS
proctype owns()
{
    LOCALS;
    worker_push(0, 1, some_);
    worker_push(0, 2, some_);
    done[1] && done[2]
}
#endif

proctype anyones()
{
    LOCALS;
    attention_push(3, some_);
    attention_push(4, some_);
    done[3] && done[4]
}

init
{
    byte i_;
    atomic {
        kind[3] = LONG; until[3] = 4;
        start();
#ifdef SENDERS
        run owns();
#else
        box[0]!1; box[0]!2; rung[0] = true; bell[0] = true;
#endif
        run anyones()
    }
}
