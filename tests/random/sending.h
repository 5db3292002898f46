/* SPDX-License-Identifier: MIT
 *
 * What clients and bodies of the random program send, each noted in the model. client: NULL for a body. */
#ifndef JLT_TESTS_SENDING_H
#define JLT_TESTS_SENDING_H

#include "random/clients.h"
#include "random/shared.h"

enum { batch_length = 4 };

/* What goes along with a call. */
struct limits {
    jlt_call_options options;
    struct shared *canceller;
    struct shared *queue;
};

struct limits limits_of(uint8_t bits);
void limits_use_queue(struct limits *limits, uint8_t number);
void limits_leave(const struct limits *limits); /* after the call */

/* What a message is sent to: a task, whose handle is the caller's, or a type of one-shots. */
struct target {
    jlt_persistent *handle;
    const jlt_task_type *type;
    int task;
};

struct target target_task(uint8_t slot);
struct target target_once(uint8_t how);
bool target_is_nowhere(const struct target *target);

void sending_invoke(const struct target *target, struct client *client, struct limits *limits, struct order order,
                    bool wants_output);

/* NULL: refused. receiver may be NULL: sent and forgotten, or into a queue. */
struct record *sending_send(const struct target *target, struct client *client, struct limits *limits,
                            struct order order, bool tries, jlt_receiver **receiver);

/* To two tasks in turn. */
void sending_batch(const struct target *targets, struct client *client, struct limits *limits, struct order order);

void sending_spawn(struct client *client, struct operation operation);

/* True: there is a receiver, in `held`. */
bool sending_dispatch_start(struct client *client, struct operation operation, struct held *held);

#endif
