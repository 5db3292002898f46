/* SPDX-License-Identifier: MIT
 *
 * Groups of cases. Each runs in a process of its own (measure.h) and adds samples. */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

void cases_sync(void);      /* one message and its reply: awake, asleep, and with all cores busy */
void cases_pipelined(void); /* many messages in flight, from one or more clients to one or more tasks */
void cases_identity(void);  /* messages of tasks that keep something in their current Julia task */
void cases_starts(void);    /* starting and dropping tasks */
void cases_first_message(void);
void cases_memory(void); /* bytes of an idle task; growth over many messages */
void cases_idle(void);   /* processor time of an idle runtime; many tasks that sleep */
void cases_collection(void);
void cases_payload(void);
void cases_parallel(void);
void cases_first_reply(void);

/* The program as a child of cases_first_reply. */
int first_reply_child(const char *what);

#endif
