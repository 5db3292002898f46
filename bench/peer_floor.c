/* SPDX-License-Identifier: MIT
 *
 * The floor: a client and a server exchange a word that says whose turn it is, and nothing is queued, counted, rooted
 * or checked. Nothing that hands a message to another thread can be faster than the one of these that suits. */
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

#define FLOOR(how, title)                                                                                              \
    static void how##_loop(jlt_frame *frame, jlt_value **states, size_t tasks)                                         \
    {                                                                                                                  \
        (void)frame, (void)tasks;                                                                                      \
        for (;;) {                                                                                                     \
            wait_by_##how(SERVERS);                                                                                    \
            if (line.stop)                                                                                             \
                break;                                                                                                 \
            line.value = accumulate(states[0], line.value);                                                            \
            pass_by_##how(CLIENTS);                                                                                    \
        }                                                                                                              \
    }                                                                                                                  \
    static void how##_start(size_t tasks)                                                                              \
    {                                                                                                                  \
        line.stop = false;                                                                                             \
        atomic_store(&line.turn, CLIENTS);                                                                             \
        server_start(how##_loop, tasks);                                                                               \
    }                                                                                                                  \
    static void how##_stop(void)                                                                                       \
    {                                                                                                                  \
        line.stop = true;                                                                                              \
        pass_by_##how(SERVERS);                                                                                        \
        server_join();                                                                                                 \
    }                                                                                                                  \
    static double how##_invoke(size_t task, double input)                                                              \
    {                                                                                                                  \
        (void)task;                                                                                                    \
        line.value = input;                                                                                            \
        pass_by_##how(SERVERS);                                                                                        \
        wait_by_##how(CLIENTS);                                                                                        \
        return line.value;                                                                                             \
    }                                                                                                                  \
    const struct peer floor_##how = {title, how##_start, how##_stop, how##_invoke, NULL, NULL};

FLOOR(spinning, "floor-spin")
FLOOR(futex, "floor-futex")
