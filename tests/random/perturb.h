/* SPDX-License-Identifier: MIT
 *
 * Included before everything in a test build (-include): each atomic step, and each lock, may be followed or preceded
 * by a yield or a short sleep, so that threads meet between steps where they hardly ever do. Only the forms without a
 * memory order are changed; those with one order nothing by themselves in this library. JLT_PERTURB in the environment
 * is a seed, or 0: nothing is changed. */
#ifndef JLT_TESTS_PERTURB_H
#define JLT_TESTS_PERTURB_H
#ifndef __cplusplus

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

__attribute__((unused)) static uint32_t perturb_new_seed(void)
{
    const char *seed = getenv("JLT_PERTURB");
    uint32_t number = seed ? (uint32_t)strtoul(seed, NULL, 10) : 1;
    return number ? number * 2654435761u ^ (uint32_t)gettid() * 40503u : 0;
}

/* One step in 16 yields, one in 512 sleeps for some microseconds. (Xorshift: G. Marsaglia, 2003.) */
__attribute__((unused)) static void perturb_here(void)
{
    static _Thread_local uint32_t state;
    static _Thread_local _Bool seeded;
    if (!seeded) {
        seeded = 1;
        state = perturb_new_seed();
    }
    if (!state)
        return;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    if (state % 512 == 0)
        nanosleep(&(struct timespec){0, (long)(state >> 9) % 50000}, NULL);
    else if (state % 16 == 1)
        sched_yield();
}

#undef atomic_load
#undef atomic_store
#undef atomic_exchange
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_weak
#undef atomic_fetch_add
#undef atomic_fetch_sub
#undef atomic_fetch_or
#undef atomic_fetch_and

#define PERTURBED(step) (perturb_here(), (step))
#define SEQUENTIAL memory_order_seq_cst
#define atomic_load(p) PERTURBED(atomic_load_explicit((p), SEQUENTIAL))
#define atomic_store(p, v) (perturb_here(), atomic_store_explicit((p), (v), SEQUENTIAL), perturb_here())
#define atomic_exchange(p, v) PERTURBED(atomic_exchange_explicit((p), (v), SEQUENTIAL))
#define atomic_compare_exchange_strong(p, e, v)                                                                        \
    PERTURBED(atomic_compare_exchange_strong_explicit((p), (e), (v), SEQUENTIAL, SEQUENTIAL))
#define atomic_compare_exchange_weak(p, e, v)                                                                          \
    PERTURBED(atomic_compare_exchange_weak_explicit((p), (e), (v), SEQUENTIAL, SEQUENTIAL))
#define atomic_fetch_add(p, v) PERTURBED(atomic_fetch_add_explicit((p), (v), SEQUENTIAL))
#define atomic_fetch_sub(p, v) PERTURBED(atomic_fetch_sub_explicit((p), (v), SEQUENTIAL))
#define atomic_fetch_or(p, v) PERTURBED(atomic_fetch_or_explicit((p), (v), SEQUENTIAL))
#define atomic_fetch_and(p, v) PERTURBED(atomic_fetch_and_explicit((p), (v), SEQUENTIAL))
#define pthread_mutex_lock(m) PERTURBED(pthread_mutex_lock(m))
#define pthread_mutex_unlock(m) (pthread_mutex_unlock(m), perturb_here())

#endif
#endif
