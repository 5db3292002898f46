/* SPDX-License-Identifier: MIT
 *
 * Starting and dropping tasks: a pattern and its peers, and the same for other cases. */
#ifndef BENCH_STARTS_H
#define BENCH_STARTS_H

#include "driver.h"

/* A pattern: up to 256 starts on their way, ns each of 256 in a row. The peer drops the tasks when its turn ends. */
void keep_starting(struct client *self);
extern const struct peer jltask_starts;

/* Makes the same Ref with the same calls, and keeps it where the Julia manual says to: in an IdDict. */
extern const struct peer floor_starts;

/* Drops tasks and returns when each Julia thread has handled what was sent to it before. */
void drop_tasks(jlt_persistent **tasks, size_t count);

#endif
