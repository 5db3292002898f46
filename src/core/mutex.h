/* SPDX-License-Identifier: MIT
 *
 * A lock for steps that are short but may enter the system, so that who waits for it should sleep. As in U. Drepper,
 * "Futexes are tricky": 0 free, 1 held, 2 held and somebody may sleep. Taking it acquires what was released before. The
 * memory may be freed by who takes it next, as soon as it is free: a wake-up then meets nobody (platform.h). */
#ifndef JLT_CORE_MUTEX_H
#define JLT_CORE_MUTEX_H

#include "base/spinlock.h"
#include "platform/platform.h"

struct mutex {
    atomic_uint state;
};

static inline bool mutex_try_lock(struct mutex *mutex)
{
    unsigned was = 0;
    return atomic_compare_exchange_strong_explicit(&mutex->state, &was, 1, memory_order_acquire, memory_order_relaxed);
}

/* Most holders are through in less time than it takes to fall asleep. */
static inline void mutex_lock(struct mutex *mutex)
{
    enum { looks = 50 };
    if (mutex_try_lock(mutex))
        return;
    for (int i = 0; i < looks; i++) {
        cpu_relax();
        /* relaxed: looked at again */
        if (!atomic_load_explicit(&mutex->state, memory_order_relaxed) && mutex_try_lock(mutex))
            return;
    }
    while (atomic_exchange_explicit(&mutex->state, 2, memory_order_acquire))
        platform_wait(&mutex->state, 2, -1);
}

static inline void mutex_unlock(struct mutex *mutex)
{
    if (atomic_exchange_explicit(&mutex->state, 0, memory_order_release) == 2)
        platform_wake_one(&mutex->state);
}

#endif
