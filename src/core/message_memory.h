/* SPDX-License-Identifier: MIT
 *
 * For message.c: what is behind a message, and its end. */
#ifndef JLT_CORE_MESSAGE_MEMORY_H
#define JLT_CORE_MESSAGE_MEMORY_H

#include "core/message.h"

/* Of one with MESSAGE_LIMITED. */
struct limit *message_limit_of(struct message *message);

/* Of one with MESSAGE_COUNTED: what its reply waits for, its task or itself. */
const void *message_awaits(struct message *message);

/* By the later of its owners. */
void message_free(struct message *message);

#endif
