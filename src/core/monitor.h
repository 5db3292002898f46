/* SPDX-License-Identifier: MIT
 *
 * Receivers that are told when and why a task has ended. */
#ifndef JLT_CORE_MONITOR_H
#define JLT_CORE_MONITOR_H

#include "base/inbox.h"

#include <jltask.h>

struct call_options;
struct message;
struct task;

/* In each task; zeroed at first. */
struct monitors {
    struct inbox inbox; /* of messages, whose output is a jlt_end; sealed: the task has ended */
    atomic_uint count;  /* of those in it and others, roughly (monitor.c) */
    jlt_end end;        /* written before that */
};

/* Any thread that has a handle. end_size: of a jlt_end in the caller's header. JLT_NO_MEMORY; reported. */
jlt_status monitor_set(struct task *task, size_t end_size, struct message **receiver);

/* The same with limits, or through a queue; then receiver may be NULL. */
jlt_status monitor_set_with(struct task *task, size_t end_size, const struct call_options *options,
                            struct message **receiver);

/* The owner of the task, at its end: tells all, those to come included. */
void monitor_tell(struct task *task, jlt_end end);

#endif
