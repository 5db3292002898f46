/* SPDX-License-Identifier: MIT
 *
 * A lock for a few instructions that call nothing, so that a Julia thread can hold it without delaying a
 * collection. Acquire on lock and release on unlock order what it guards. */
#ifndef JLT_BASE_SPINLOCK_H
#define JLT_BASE_SPINLOCK_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

struct spinlock {
    atomic_flag held;
};

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

static inline bool spin_try_lock(struct spinlock *lock)
{
    return !atomic_flag_test_and_set_explicit(&lock->held, memory_order_acquire);
}

/* Yields now and then: the holder may have lost its processor, which only this thread's may be free to give it. */
static inline void spin_lock(struct spinlock *lock)
{
    enum { looks_per_yield = 64 };
    for (unsigned looks = 0; !spin_try_lock(lock);) {
        cpu_relax();
        if (++looks % looks_per_yield == 0)
            sched_yield();
    }
}

static inline void spin_unlock(struct spinlock *lock)
{
    atomic_flag_clear_explicit(&lock->held, memory_order_release);
}

#endif
