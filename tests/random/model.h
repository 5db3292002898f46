/* SPDX-License-Identifier: MIT
 *
 * The model that the random program is held against: what each message, task and canceller may have come to. Every
 * thread notes here what it asked for, before it asks, and bodies and disposals note what they saw; so that a status
 * can be judged when it comes, and everything once more when a round is over and nothing is under way any more.
 * Counters are sequentially consistent: what a note says was done before what the noted step could cause. */
#ifndef JLT_TESTS_MODEL_H
#define JLT_TESTS_MODEL_H

#include <jltask.h>

#include <stdatomic.h>

/* As an assertion, in any thread and build: says what the round was, and ends the program. */
#define must(condition) ((condition) ? (void)0 : model_failed(#condition, __FILE__, __LINE__))
_Noreturn void model_failed(const char *condition, const char *file, int line);

enum { clients_at_most = 6, records_at_most = 16384, tasks_at_most = 512, shared_at_most = 192 };

enum record_kind { RECORD_RUN, RECORD_ONCE, RECORD_START };

enum record_flag {
    RECORD_SENT = 1,         /* accepted, as the send said */
    RECORD_NOT_SENT = 2,     /* refused */
    RECORD_MAYBE_SENT = 4,   /* the status does not tell: an invoke that ended as JLT_CLOSED, say */
    RECORD_HAS_DEADLINE = 8, /* these are noted before the send, or before what they say is done */
    RECORD_MAY_CANCEL = 16,  /* its receiver may be cancelled */
    RECORD_MAY_SKIP = 32,    /* its receiver may be dropped, and then it need not run */
    RECORD_OF_BODY = 64,     /* a body has sent it: it ends if that is told to stop */
    RECORD_HAS_RECEIVER = 128,
    RECORD_ANSWERED = 256,
    RECORD_DROPPED = 512,    /* its receiver was */
    RECORD_RETRIES = 1024,   /* it may run again after it has failed */
    RECORD_NEVER_RUNS = 2048 /* its receiver was told so */
};

/* A message. */
struct record {
    enum record_kind kind;
    uint32_t sender, sequence; /* of a client's: the client, and when in its life */
    struct shared *canceller;
    _Atomic(struct shared *) queue; /* that it comes out of; NULL: none */
    atomic_uint flags;
    atomic_uint runs, successes, failures;         /* of its body */
    atomic_uint inputs_disposed, outputs_disposed; /* calls of the type's functions */
    atomic_uint delivered;                         /* outputs that a receiver got */
    atomic_int task;                               /* the number of the task that it went to; -1: not known */
};

/* A persistent task. */
struct task_model {
    int variant; /* of its type: bodies.c */
    struct record *start;
    atomic_uint inits, failed_inits, exits, ends; /* ends: told to monitors */
    atomic_bool running;                          /* a body, or init, or exit */
    int64_t sum;                                  /* the owner's: what the state must say */
    atomic_llong total;                           /* of what was added in its whole life */
    uint32_t last[clients_at_most];               /* the owner's: of the sender's messages, the last that began */
};

/* A canceller or a queue, the other is NULL. */
struct shared {
    jlt_canceller *canceller;
    jlt_queue *queue;
    atomic_uint users; /* who may be about to pass it on, and its place in the table */
    atomic_bool used;  /* the canceller */
};

extern struct model {
    uint64_t seed; /* of the round */
    struct record records[records_at_most];
    struct task_model tasks[tasks_at_most];
    struct shared shared[shared_at_most];
    atomic_uint record_count, task_count, shared_count;
    atomic_bool closing, cancelling; /* a close, and one that cancels, has been or is being asked for */
    atomic_uint bodies;              /* that have begun and not ended */
} model;

void model_reset(uint64_t seed);

/* A new entry, or NULL: there is no room for more in this round. */
struct record *model_record(enum record_kind kind, uint32_t sender, unsigned flags);
struct task_model *model_task(int variant, struct record *start);

/* A send without a reply has returned. */
void model_sent(struct record *record, jlt_status status);

/* The receiver's answer, or an invoke's status: must be one that the model allows. delivered: the output was taken. */
void model_answered(struct record *record, jlt_status status, bool invoked, bool delivered);

/* Nobody uses the queue any more, and it is about to be dropped, with the receivers that have not come out. */
void model_queue_dropped(const struct shared *queue);

void model_check_end(const struct task_model *task, const jlt_end *end);

/* Whether nothing is under way any more: every accepted message has run or been disposed of, every task has ended.
 * Every handle and receiver has been given back. */
bool model_is_quiet(void);

/* When it is quiet: all of it once more. Returns the number of bodies that ran. */
unsigned long model_check_all(void);

#endif
