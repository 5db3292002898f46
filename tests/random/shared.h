/* SPDX-License-Identifier: MIT
 *
 * What clients and bodies of the random program share: slots with handles on tasks, cancellers, and queues. */
#ifndef JLT_TESTS_SHARED_H
#define JLT_TESTS_SHARED_H

#include "random/model.h"

enum { slot_count = 10 };

void shared_begin(void);

/* For good: what is put there is dropped from here on. */
void shared_empty_slots(void);

/* When nobody uses cancellers any more. */
void shared_end(void);

/* A handle of the caller's own, or NULL. task: its number in the model; -1: not known. */
jlt_persistent *slots_take(uint8_t number, int *task);

/* Owns the handle, which may be NULL. */
void slots_put(uint8_t number, jlt_persistent *handle, int task);

/* NULL where there is none any more. The last to leave one that was renewed drops it; a queue with what is still to
 * come out. */
struct shared *cancellers_use(uint8_t number);
struct shared *queues_use(uint8_t number);
void shared_leave(struct shared *shared);

/* renews: puts a new one in its place; one that was used cancels what comes, too. */
void cancellers_cancel(uint8_t number, bool renews);
void queues_renew(uint8_t number);

#endif
