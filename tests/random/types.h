/* SPDX-License-Identifier: MIT
 *
 * The tasks of the random program, and what a message can tell their bodies to do. */
#ifndef JLT_TESTS_TYPES_H
#define JLT_TESTS_TYPES_H

#include "random/model.h"

/* What a body does, besides adding the value to its state and checking it. NESTED and what follows sends messages. */
enum act {
    ACT_NOTHING,
    ACT_FAIL,       /* jlt_fail; of a message that is retried, the first few times */
    ACT_THROW,      /* the engine's: an exception */
    ACT_YIELD,      /* the engine's: others on the thread have a turn */
    ACT_SLEEP,      /* the engine's: suspended for a moment */
    ACT_ALLOCATE,   /* the engine's: garbage, sometimes a collection */
    ACT_COMPUTE,    /* for some microseconds */
    ACT_UNTIL_STOP, /* for a millisecond at most, until nobody waits for the reply */
    ACT_INVOKE,     /* another task, or itself */
    ACT_CALL,       /* and receive */
    ACT_CALL_LATE,  /* and receive with a time limit, else drop */
    ACT_SEND,       /* and forget */
    ACT_START,      /* and put the task into a slot */
    ACT_ONCE,       /* a one-shot, and wait */
    ACT_DROP,       /* what is in a slot */
    ACT_CLOSE,      /* the runtime, where the round allows that */
    act_count
};

/* What an operation's bytes say; for a body it is in its message. */
struct order {
    uint8_t act, slot, how, value, next; /* next: the act of a message that this one sends */
};

struct input {
    uint32_t record, sender, sequence;
    struct order order;
    uint8_t pattern[]; /* of the record, up to the type's input_size */
};

struct output {
    uint32_t record;
    int64_t sum; /* of the state, after this message */
    uint8_t pattern[];
};

struct config {
    uint32_t task, fails_at; /* the number of the init that fails; 0: none */
};

enum { large_bytes = 1000, variants = 10, once_variants = 3 };

extern const jlt_persistent_type task_types[variants];
extern const jlt_task_type once_types[once_variants];

bool types_may_stop(int variant); /* by itself */
bool types_restart(int variant);
unsigned types_flags(int variant); /* of the records of messages: enum record_flag */

/* A message's input, in a buffer of large_bytes. */
struct input *types_input(void *buffer, const struct record *record, struct order order);
void types_check_output(const struct record *record, const struct output *output, size_t size);

#endif
