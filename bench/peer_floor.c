/* SPDX-License-Identifier: MIT
 *
 * The floor: a client and a server exchange a word that says whose turn it is, and nothing is queued, counted, rooted
 * or checked. Nothing that hands a message to another thread can be faster than the one of these that suits. A wake-up
 * costs most on another core, if that one has halted: so there is one whose threads are where the kernel places them,
 * as those of the other peers, one on two cores, and one on a single core. */
#include "cores.h"
#include "peers.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CLIENTS, SERVERS, STOPPED };

static struct {
    _Alignas(64) atomic_uint turn;
    double value;
    bool stop;
} line;

static void wait_by_spinning(unsigned turn)
{
    while (atomic_load_explicit(&line.turn, memory_order_acquire) != turn) {
    }
}

static void wait_by_futex(unsigned turn)
{
    unsigned is;
    while ((is = atomic_load_explicit(&line.turn, memory_order_acquire)) != turn)
        syscall(SYS_futex, &line.turn, FUTEX_WAIT_PRIVATE, is, NULL, NULL, 0);
}

static void pass_by_spinning(unsigned turn)
{
    atomic_store_explicit(&line.turn, turn, memory_order_release);
}

static void pass_by_futex(unsigned turn)
{
    atomic_store_explicit(&line.turn, turn, memory_order_release);
    syscall(SYS_futex, &line.turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void bind_server(enum placement placement)
{
    if (placement == APART)
        cores_bind_last();
    else if (placement == TOGETHER)
        cores_bind_first();
}

#define FLOOR(peer_, how, title, placement_)                                                                           \
    static void peer_##_loop(const struct server *self)                                                                \
    {                                                                                                                  \
        bind_server(placement_);                                                                                       \
        for (;;) {                                                                                                     \
            wait_by_##how(SERVERS);                                                                                    \
            if (line.stop)                                                                                             \
                break;                                                                                                 \
            line.value = accumulate(self->states[0], line.value);                                                      \
            pass_by_##how(CLIENTS);                                                                                    \
        }                                                                                                              \
        cores_unbind();                                                                                                \
    }                                                                                                                  \
    static void peer_##_start(size_t tasks)                                                                            \
    {                                                                                                                  \
        line.stop = false;                                                                                             \
        atomic_store(&line.turn, CLIENTS);                                                                             \
        servers_start(peer_##_loop, tasks, 1);                                                                         \
    }                                                                                                                  \
    static void peer_##_stop(void)                                                                                     \
    {                                                                                                                  \
        line.stop = true;                                                                                              \
        pass_by_##how(SERVERS);                                                                                        \
        servers_join();                                                                                                \
    }                                                                                                                  \
    static double peer_##_invoke(size_t task, double input)                                                            \
    {                                                                                                                  \
        (void)task;                                                                                                    \
        line.value = input;                                                                                            \
        pass_by_##how(SERVERS);                                                                                        \
        wait_by_##how(CLIENTS);                                                                                        \
        return line.value;                                                                                             \
    }                                                                                                                  \
    const struct peer peer_ = {.name = title,                                                                          \
                               .placement = placement_,                                                                \
                               .start = peer_##_start,                                                                 \
                               .stop = peer_##_stop,                                                                   \
                               .invoke = peer_##_invoke};

FLOOR(floor_spin, spinning, "floor-spin", APART)
FLOOR(floor_futex, futex, "floor-futex", FREE)
FLOOR(floor_futex_apart, futex, "floor-apart", APART)
FLOOR(floor_futex_together, futex, "floor-together", TOGETHER)
