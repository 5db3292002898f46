/* SPDX-License-Identifier: MIT
 *
 * Groups of cases. Each runs in a process of its own (measure.h) and adds samples. */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

void cases_sync(void);      /* one message and its reply */
void cases_silence(void);   /* the same after 5 ms in which nothing happened */
void cases_pipelined(void); /* many messages in flight */
void cases_fan_out(void);   /* one message to each task */
void cases_compute(void);   /* pipelined, with bodies that take long */
void cases_insight(void);   /* messages that are counted, and that are traced */
void cases_timings(void);   /* that are timed */
void cases_busy(void);      /* all of these while other processes use all cores */
void cases_one_core(void);  /* and where there is only one */
void cases_identity(void);  /* messages of tasks that keep something in their current Julia task */
void cases_queue(void);     /* replies through a completion queue; batches */
void cases_starts(void);
void cases_first_message(void);
void cases_memory(void); /* bytes of an idle task; growth over many messages */
void cases_idle(void);   /* processor time of an idle runtime; many tasks that sleep */
void cases_collection(void);
void cases_payload(void);
void cases_parallel(void);
void cases_first_reply(void);

/* The program as a child of cases_first_reply, with bench.threads Julia threads. */
int first_reply_child(const char *what);

#endif
