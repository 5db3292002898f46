/* SPDX-License-Identifier: MIT
 *
 * What makes a task of jltask one Julia task to Julia code: its task-local storage and, since 1.7, its random
 * generator. The rules are at the top of identity.c. */
#ifndef JLT_JULIA_IDENTITY_H
#define JLT_JULIA_IDENTITY_H

#include <jltask.h>

struct fiber;
struct julia_fiber;

enum { task_random_words = 5 }; /* no less than any Julia's generator has */

/* Once, before any fiber. */
void identity_open(void);

/* A new fiber's task has a generator of its own. */
void identity_begin(struct julia_fiber *fiber);

/* The engine's functions of these names (core/engine.h). */
void identity_enter(struct fiber *fiber, const void *identity);
void identity_leave(struct fiber *fiber, void **identity);
void identity_free(void *identity);

/* The current Julia task's generator, set aside while something is done that makes Julia tasks, each of which Julia
 * seeds from the one that makes it. */
struct random_aside {
    jlt_value *task;
    uint64_t words[task_random_words];
};
void random_set_aside(struct random_aside *aside);
void random_put_back(const struct random_aside *aside);

#endif
