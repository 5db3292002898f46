/* SPDX-License-Identifier: MIT
 *
 * Bytes of a fuzzer's as a round of the random program, on the core alone. The first five say how the round is, each
 * 13 after them what one client does next, the clients in turn. Linked with libFuzzer, or with replay.c. */
#include "random/program.h"

#include <string.h>

enum { head_bytes = 5, operation_bytes = 13 };

/* The operations of a client stand every `clients`-th. */
static struct operation next_of_bytes(struct round *round, unsigned client)
{
    size_t number = round->state[client]++ * round->clients + client;
    uint8_t bytes[operation_bytes] = {0};
    struct operation operation;
    _Static_assert(sizeof operation <= operation_bytes, "an operation is bytes");
    if (head_bytes + (number + 1) * operation_bytes <= round->size)
        memcpy(bytes, round->bytes + head_bytes + number * operation_bytes, operation_bytes);
    memcpy(&operation, bytes, sizeof operation);
    return operation;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct round round;
    static uint64_t number;
    if (size < head_bytes + operation_bytes)
        return 0;
    memset(&round, 0, sizeof round);
    round.seed = number++;
    round.shape = bytes[0] | (unsigned)bytes[1] << 8;
    round.clients = 1 + bytes[2] % 3;
    round.operations = (unsigned)((size - head_bytes) / operation_bytes / round.clients);
    round.ends = true;
    round.closing = (enum closing)(bytes[3] % closings);
    round.closes_at = round.operations ? bytes[4] % round.operations : 0;
    round.next = next_of_bytes;
    round.bytes = bytes;
    round.size = size;
    program_run(&round);
    return 0;
}
