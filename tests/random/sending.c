/* SPDX-License-Identifier: MIT */
#include "random/sending.h"

#include "random/clients.h"

#include <string.h>

enum { body_sender = 1000 };

struct limits limits_of(uint8_t bits)
{
    static const int64_t timeouts[] = {0, 1, 3000, 20000, 100000, 500000, 2000000, 1000000000};
    struct limits limits = {.options = {.timeout_ns = timeouts[bits % 8], .dont_wait = bits & 8}};
    if (bits & 16)
        limits.canceller = cancellers_use(bits / 32);
    limits.options.canceller = limits.canceller ? limits.canceller->canceller : NULL;
    return limits;
}

void limits_use_queue(struct limits *limits, uint8_t number)
{
    limits->queue = queues_use(number);
    limits->options.queue = limits->queue ? limits->queue->queue : NULL;
}

void limits_leave(const struct limits *limits)
{
    shared_leave(limits->canceller);
    shared_leave(limits->queue);
}

static struct record *new_record(enum record_kind kind, struct client *client, unsigned flags, struct limits *limits)
{
    if (!client)
        flags |= RECORD_OF_BODY;
    if (limits && limits->options.timeout_ns)
        flags |= RECORD_HAS_DEADLINE;
    struct record *record = model_record(kind, client ? client->number : body_sender, flags);
    if (!record)
        return NULL;
    record->canceller = limits ? limits->canceller : NULL;
    atomic_store(&record->queue, limits ? limits->queue : NULL);
    if (limits)
        limits->options.user = record;
    record->sequence = client ? ++client->sequence : 0;
    return record;
}

struct target target_task(uint8_t slot)
{
    struct target target = {.type = NULL};
    target.handle = slots_take(slot, &target.task);
    return target;
}

struct target target_once(uint8_t how)
{
    return (struct target){.type = &once_types[how % once_variants], .task = -1};
}

bool target_is_nowhere(const struct target *target)
{
    return !target->handle && !target->type;
}

static size_t output_size_of(const struct target *target, const struct record *record)
{
    return target->type ? target->type->output_size
                        : task_types[model.tasks[atomic_load(&record->task)].variant].output_size;
}

static struct record *message(const struct target *target, struct client *client, struct limits *limits,
                              struct order order, unsigned flags, void *buffer)
{
    struct record *record = new_record(target->type ? RECORD_ONCE : RECORD_RUN, client, flags, limits);
    if (record) {
        atomic_store(&record->task, target->task);
        types_input(buffer, record, order);
    }
    return record;
}

void sending_invoke(const struct target *target, struct client *client, struct limits *limits, struct order order,
                    bool wants_output)
{
    _Alignas(16) uint8_t buffer[large_bytes], output[large_bytes];
    struct record *record = message(target, client, limits, order, RECORD_HAS_RECEIVER, buffer);
    void *out = wants_output ? output : NULL;
    jlt_status status;
    if (!record)
        return;
    memset(output, 0xee, sizeof output);
    if (target->type)
        status = limits ? jlt_task_invoke_with(runtime, target->type, buffer, &limits->options, out)
                        : jlt_task_invoke(runtime, target->type, buffer, out);
    else
        status = limits ? jlt_persistent_invoke_with(target->handle, buffer, &limits->options, out)
                        : jlt_persistent_invoke(target->handle, buffer, out);
    memset(buffer, 0xdd, sizeof buffer); /* nothing may read it any more */
    model_answered(record, status, true, wants_output);
    if (status == JLT_OK && wants_output)
        types_check_output(record, (struct output *)(void *)output, output_size_of(target, record));
    for (size_t i = 0; status != JLT_OK && i < sizeof output; i++)
        must(output[i] == 0xee);
}

struct record *sending_send(const struct target *target, struct client *client, struct limits *limits,
                            struct order order, bool tries, jlt_receiver **receiver)
{
    _Alignas(16) uint8_t buffer[large_bytes];
    unsigned flags = receiver || (limits && limits->queue) ? RECORD_HAS_RECEIVER : 0;
    struct record *record = message(target, client, limits, order, flags, buffer);
    jlt_status status;
    if (!record)
        return NULL;
    if (target->type)
        status = limits  ? jlt_task_dispatch_with(runtime, target->type, buffer, &limits->options, receiver)
                 : tries ? jlt_task_try_dispatch(runtime, target->type, buffer, receiver)
                         : jlt_task_dispatch(runtime, target->type, buffer, receiver);
    else
        status = limits  ? jlt_persistent_call_with(target->handle, buffer, &limits->options, receiver)
                 : tries ? jlt_persistent_try_call(target->handle, buffer, receiver)
                         : jlt_persistent_call(target->handle, buffer, receiver);
    model_sent(record, status);
    return status == JLT_OK ? record : NULL;
}

void sending_batch(const struct target *targets, struct client *client, struct limits *limits, struct order order)
{
    static _Thread_local _Alignas(16) uint8_t buffers[batch_length][large_bytes];
    struct record *records[batch_length];
    jlt_message messages[batch_length];
    unsigned flags = limits->queue ? RECORD_HAS_RECEIVER : 0;
    size_t count = 0, sent = 0;
    for (; count < batch_length; count++) {
        const struct target *target = &targets[count % 2];
        records[count] = message(target, client, limits, order, flags, buffers[count]);
        if (!records[count])
            break;
        messages[count] = (jlt_message){target->handle, buffers[count], NULL, records[count]};
        order.value++;
    }
    if (!count)
        return;
    jlt_status status = jlt_persistent_call_many(messages, count, &limits->options, &sent);
    must((status == JLT_OK) == (sent == count));
    for (size_t i = 0; i < count; i++)
        model_sent(records[i], i < sent ? JLT_OK : i == sent ? status : JLT_FULL); /* JLT_FULL: allowed to anybody */
}

/* ---- starts ---- */

/* -1: there is no room for more tasks in this round. */
static struct config config_of(struct record *record, struct operation operation, int *variant)
{
    *variant = operation.value % variants;
    struct task_model *task = record ? model_task(*variant, record) : NULL;
    if (task)
        atomic_store(&record->task, (int)(task - model.tasks));
    return (struct config){task ? (uint32_t)(task - model.tasks) : UINT32_MAX,
                           operation.how % 16 == 15 ? 1 + operation.how / 16 % 3u : 0};
}

void sending_spawn(struct client *client, struct operation operation)
{
    jlt_persistent *handle = NULL;
    int variant;
    if (atomic_load(&model.task_count) == tasks_at_most)
        return;
    struct record *record = new_record(RECORD_START, client, RECORD_HAS_RECEIVER, NULL);
    struct config config = config_of(record, operation, &variant);
    if (config.task == UINT32_MAX) {
        if (record)
            atomic_fetch_or(&record->flags, RECORD_NOT_SENT);
        return;
    }
    jlt_status status = jlt_persistent_spawn(runtime, &task_types[variant], &config, &handle);
    model_answered(record, status, true, true);
    must((status == JLT_OK) == (handle != NULL));
    if (handle)
        slots_put(operation.slot, handle, (int)config.task);
}

bool sending_dispatch_start(struct client *client, struct operation operation, struct held *held)
{
    struct limits limits = {.canceller = NULL};
    int variant;
    if (atomic_load(&model.task_count) == tasks_at_most)
        return false;
    if (operation.how % 4 == 3)
        limits = limits_of(operation.order.how);
    if (operation.how % 8 == 7)
        limits_use_queue(&limits, operation.order.value);
    jlt_receiver **receiver = limits.queue ? NULL : &held->receiver;
    struct record *record = new_record(RECORD_START, client, RECORD_HAS_RECEIVER, &limits);
    struct config config = config_of(record, operation, &variant);
    jlt_status status = JLT_FULL;
    const jlt_persistent_type *type = &task_types[variant];
    if (config.task != UINT32_MAX)
        status = operation.how % 4 == 3
                     ? jlt_persistent_dispatch_with(runtime, type, &config, &limits.options, receiver)
                 : operation.how % 4 == 2 ? jlt_persistent_try_dispatch(runtime, type, &config, receiver)
                                          : jlt_persistent_dispatch(runtime, type, &config, receiver);
    if (record)
        model_sent(record, status);
    limits_leave(&limits);
    held->record = record;
    held->task = (int)config.task;
    return status == JLT_OK && !limits.queue;
}
