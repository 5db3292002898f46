/* SPDX-License-Identifier: MIT
 *
 * What each thread that sends or is traced writes for itself, so that no line is shared for the sake of a count: how
 * many messages it has sent, and the ring of its trace. One that has ended leaves its account to the next, with what is
 * in it, so sums stay right. */
#ifndef JLT_CORE_ACCOUNT_H
#define JLT_CORE_ACCOUNT_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace_ring;

struct account {
    alignas(64) _Atomic uint64_t sent; /* messages and one-shots, without those that were not sent after all */
    _Atomic(struct trace_ring *) ring; /* trace.c; NULL: it has recorded nothing */
    atomic_int thread;                 /* its thread's number in the system */
    atomic_bool taken;                 /* by a thread that lives */
    struct account *next;              /* among all */
};

extern _Thread_local struct account *account_mine;

/* Gives the calling thread an account. Without memory for one, one that such threads share; what is in it may be
 * off. */
struct account *account_open(void);

static inline struct account *account_here(void)
{
    return __builtin_expect(account_mine != NULL, 1) ? account_mine : account_open();
}

/* Accounts are never freed. NULL: none yet. */
struct account *account_first(void);

/* The calling thread's own number, which only it changes. relaxed: who receives the reply of what was counted has that
 * from the reply; others see a number that was right just now. */
static inline void count_own(_Atomic uint64_t *number, uint64_t by)
{
    atomic_store_explicit(number, atomic_load_explicit(number, memory_order_relaxed) + by, memory_order_relaxed);
}

static inline uint64_t count_read(const _Atomic uint64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

#endif
