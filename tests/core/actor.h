/* SPDX-License-Identifier: MIT
 *
 * Tasks whose bodies do what their message says, for tests of bodies that wait for each other. */
#ifndef JLT_TESTS_ACTOR_H
#define JLT_TESTS_ACTOR_H

#include "core/fake_engine.h"

struct work {
    void (*act)(void *data); /* NULL: nothing */
    void *data;
};

void actor_run(jlt_frame *frame, void *state, const void *input, void *output); /* output: an int, 7 */

#define ACTOR_TYPE(type_name, ...)                                                                                     \
    {                                                                                                                  \
        .name = (type_name), .input_size = sizeof(struct work), .output_size = sizeof(int), .run = actor_run,          \
        __VA_ARGS__                                                                                                    \
    }

extern const jlt_persistent_type narrow_type; /* its mailbox has room for one */
extern const jlt_task_type once_type;
extern const jlt_persistent_type starting_type; /* its init does what its config says */

/* What all of the following carry; NULL at first. */
extern struct canceller *actor_canceller;

/* Sends, and waits for room and, in the second and third, for the reply. _new: to a one-shot task or a start, whose
 * output may be NULL. receiver may be NULL. */
jlt_status tell(struct task *task, void (*act)(void *data), void *data, struct message **receiver);
jlt_status ask(struct task *task, void (*act)(void *data), void *data);
jlt_status ask_new(struct runtime *runtime, const struct type *type, void (*act)(void *data), void *data, void *output);

/* The same of what is accepted. */
struct message *post(struct task *task, void (*act)(void *data), void *data);
struct message *post_new(struct runtime *runtime, const struct type *type, void (*act)(void *data), void *data);

#endif
