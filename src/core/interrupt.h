/* SPDX-License-Identifier: MIT
 *
 * Bodies whose calls were given up are told to stop (M9 of docs/lifetimes.md). */
#ifndef JLT_CORE_INTERRUPT_H
#define JLT_CORE_INTERRUPT_H

#include "core/worker.h"

void interrupt_init(struct worker *worker);

/* Any thread: bodies that are suspended on the worker's thread, and whose messages are given up, are told. */
void worker_interrupt(struct worker *worker);

/* That has come: on the worker's thread, by its pump. */
void interrupt_bodies(struct worker *worker);

/* When the worker has ended. */
void interrupt_finish(struct worker *worker);

#endif
