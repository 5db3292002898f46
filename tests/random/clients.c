/* SPDX-License-Identifier: MIT */
#include "random/clients.h"

#include "random/engine.h"
#include "random/shared.h"

#include <stdio.h>
#include <string.h>

enum { passed_count = 4, name_count = 4, body_sender = 1000 };

struct client clients[clients_at_most];

static pthread_mutex_t passed_lock = PTHREAD_MUTEX_INITIALIZER;
static struct held passed[passed_count];

static enum closing closing;
static atomic_bool may_close; /* for bodies */

/* ---- sending ---- */

/* What goes along with a call. */
struct limits {
    jlt_call_options options;
    struct shared_canceller *canceller;
};

static struct limits limits_of(uint8_t bits)
{
    static const int64_t timeouts[] = {0, 1, 3000, 20000, 100000, 500000, 2000000, 1000000000};
    struct limits limits = {.options = {.timeout_ns = timeouts[bits % 8], .dont_wait = bits & 8}};
    if (bits & 16)
        limits.canceller = cancellers_use(bits / 32);
    limits.options.canceller = limits.canceller ? limits.canceller->canceller : NULL;
    return limits;
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
    record->sequence = client ? ++client->sequence : 0;
    return record;
}

/* What a message is sent to: a task, or a type of one-shots. */
struct target {
    jlt_persistent *handle;
    const jlt_task_type *type;
    int task;
};

static struct target task_in(uint8_t slot)
{
    struct target target = {.type = NULL};
    target.handle = slots_take(slot, &target.task);
    return target;
}

static struct target once_of(uint8_t how)
{
    return (struct target){.type = &once_types[how % once_variants], .task = -1};
}

static bool is_nowhere(const struct target *target)
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

static void invoke(const struct target *target, struct client *client, struct limits *limits, struct order order,
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

enum sending { SEND, TRY, SEND_WITH };

/* NULL: refused. receiver may be NULL: sent and forgotten. */
static struct record *send(const struct target *target, struct client *client, struct limits *limits,
                           struct order order, enum sending sending, jlt_receiver **receiver)
{
    _Alignas(16) uint8_t buffer[large_bytes];
    unsigned flags = receiver ? RECORD_HAS_RECEIVER : 0;
    struct record *record = message(target, client, limits, order, flags, buffer);
    jlt_status status;
    if (!record)
        return NULL;
    if (target->type)
        status = limits           ? jlt_task_dispatch_with(runtime, target->type, buffer, &limits->options, receiver)
                 : sending == TRY ? jlt_task_try_dispatch(runtime, target->type, buffer, receiver)
                                  : jlt_task_dispatch(runtime, target->type, buffer, receiver);
    else
        status = limits           ? jlt_persistent_call_with(target->handle, buffer, &limits->options, receiver)
                 : sending == TRY ? jlt_persistent_try_call(target->handle, buffer, receiver)
                                  : jlt_persistent_call(target->handle, buffer, receiver);
    model_sent(record, status);
    return status == JLT_OK ? record : NULL;
}

/* ---- starts ---- */

/* -1: there is no room for more tasks in this round. */
static struct config config_of(struct record *record, struct operation operation, int *variant)
{
    *variant = operation.value % variants;
    struct task_model *task = record ? model_task(*variant, record) : NULL;
    return (struct config){task ? (uint32_t)(task - model.tasks) : UINT32_MAX,
                           operation.how % 16 == 15 ? 1 + operation.how / 16 % 3u : 0};
}

static void spawn(struct client *client, struct operation operation)
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

static bool dispatch_start(struct client *client, struct operation operation, struct held *held)
{
    struct limits limits = {.canceller = NULL};
    int variant;
    if (atomic_load(&model.task_count) == tasks_at_most)
        return false;
    if (operation.how % 4 == 3)
        limits = limits_of(operation.order.how);
    struct record *record = new_record(RECORD_START, client, RECORD_HAS_RECEIVER, &limits);
    struct config config = config_of(record, operation, &variant);
    jlt_status status = JLT_FULL;
    const jlt_persistent_type *type = &task_types[variant];
    if (config.task != UINT32_MAX)
        status = operation.how % 4 == 3
                     ? jlt_persistent_dispatch_with(runtime, type, &config, &limits.options, &held->receiver)
                 : operation.how % 4 == 2 ? jlt_persistent_try_dispatch(runtime, type, &config, &held->receiver)
                                          : jlt_persistent_dispatch(runtime, type, &config, &held->receiver);
    cancellers_leave(limits.canceller);
    if (record)
        model_sent(record, status);
    held->record = record;
    held->task = (int)config.task;
    return status == JLT_OK;
}

/* ---- receivers ---- */

static bool is_good_still(jlt_status status)
{
    return status == JLT_TIMEOUT || status == JLT_PENDING || status == JLT_WOULD_DEADLOCK;
}

static jlt_status receive(jlt_receiver *receiver, int64_t timeout_ns, void *output)
{
    return timeout_ns < 0    ? jlt_receiver_recv(receiver, output)
           : timeout_ns == 0 ? jlt_receiver_try_recv(receiver, output)
                             : jlt_receiver_recv_timeout(receiver, timeout_ns, output);
}

static bool receive_end(const struct held *held, int64_t timeout_ns)
{
    jlt_end end;
    jlt_status status = receive(held->receiver, timeout_ns, &end);
    if (status == JLT_OK)
        model_check_end(held->task < 0 ? NULL : &model.tasks[held->task], &end);
    else if (status == JLT_CANCELLED)
        must(held->may_cancel || atomic_load(&model.cancelling));
    else
        must(is_good_still(status) && timeout_ns >= 0);
    return !is_good_still(status);
}

static bool receive_start(const struct held *held, int64_t timeout_ns, uint8_t slot)
{
    jlt_persistent *handle = NULL;
    jlt_status status = receive(held->receiver, timeout_ns, &handle);
    if (is_good_still(status))
        return false;
    model_answered(held->record, status, false, true);
    must((status == JLT_OK) == (handle != NULL));
    if (handle)
        slots_put(slot, handle, held->task);
    return true;
}

static bool receive_reply(const struct held *held, int64_t timeout_ns, bool wants_output)
{
    _Alignas(16) uint8_t output[large_bytes];
    jlt_status status = receive(held->receiver, timeout_ns, wants_output ? output : NULL);
    if (is_good_still(status))
        return false;
    model_answered(held->record, status, false, wants_output);
    int task = atomic_load(&held->record->task);
    if (status == JLT_OK && wants_output && held->record->kind == RECORD_RUN)
        types_check_output(held->record, (struct output *)(void *)output,
                           task_types[model.tasks[task].variant].output_size);
    return true;
}

/* True: it is gone. */
static bool receive_held(const struct held *held, int64_t timeout_ns, struct operation operation)
{
    if (!held->record)
        return receive_end(held, timeout_ns);
    if (held->record->kind == RECORD_START)
        return receive_start(held, timeout_ns, operation.slot);
    return receive_reply(held, timeout_ns, operation.value % 4);
}

static void drop_held(const struct held *held)
{
    if (held->record)
        atomic_fetch_or(&held->record->flags, RECORD_DROPPED);
    jlt_receiver_drop(held->receiver);
}

static void cancel_held(struct held *held)
{
    if (held->record)
        atomic_fetch_or(&held->record->flags, RECORD_MAY_CANCEL);
    held->may_cancel = true;
    must(jlt_receiver_cancel(held->receiver) == JLT_OK);
}

static void forget(struct client *client, unsigned number)
{
    client->held[number] = client->held[--client->held_count];
}

/* Room for one more: the oldest goes. */
static struct held *make_room(struct client *client)
{
    if (client->held_count == held_at_most) {
        struct held *oldest = &client->held[0];
        if (!oldest->record || !receive_held(oldest, -1, (struct operation){.slot = 0}))
            drop_held(oldest);
        forget(client, 0);
    }
    client->held[client->held_count] = (struct held){.task = -1};
    return &client->held[client->held_count];
}

/* Gives one to another client, and takes what another has given. */
static void pass(struct client *client, uint8_t place, unsigned number)
{
    pthread_mutex_lock(&passed_lock);
    struct held *there = &passed[place % passed_count], mine = client->held[number];
    client->held[number] = *there;
    *there = mine;
    pthread_mutex_unlock(&passed_lock);
    if (!client->held[number].receiver)
        forget(client, number);
}

/* ---- closing ---- */

static void close_runtime(void)
{
    atomic_store(&model.closing, true);
    if (closing > CLOSING)
        atomic_store(&model.cancelling, true);
    switch (closing) {
    case CLOSING_NOW:
        must(jlt_runtime_close_within(runtime, 0) == JLT_OK);
        break;
    case CLOSING_WITHIN:
        must(jlt_runtime_close_within(runtime, 300000) == JLT_OK);
        break;
    default:
        must(jlt_runtime_close(runtime, closing == CLOSING_CANCEL) == JLT_OK);
    }
    must(jlt_runtime_is_closed(runtime));
}

/* ---- operations ---- */

static void do_call(struct client *client, struct operation operation, const struct target *target)
{
    bool with = operation.how & 4;
    struct limits limits = {.canceller = NULL};
    if (is_nowhere(target))
        return;
    if (with)
        limits = limits_of(operation.value);
    struct limits *given = with ? &limits : NULL;
    unsigned way = operation.how % 4;
    if (way == 0) {
        invoke(target, client, given, operation.order, operation.value % 4);
    } else if (way == 1) {
        send(target, client, given, operation.order, SEND, NULL);
    } else {
        struct held *held = make_room(client);
        held->record = send(target, client, given, operation.order, way == 2 ? TRY : SEND, &held->receiver);
        client->held_count += held->record != NULL;
    }
    cancellers_leave(limits.canceller);
}

static void do_start(struct client *client, struct operation operation)
{
    if (operation.how % 4 == 0) {
        spawn(client, operation);
        return;
    }
    struct held *held = make_room(client);
    client->held_count += dispatch_start(client, operation, held);
}

static void do_receiver(struct client *client, struct operation operation)
{
    static const int64_t timeouts[] = {-1, 0, 1, 50000, 500000, -1, 2000000, 0};
    if (!client->held_count)
        return;
    unsigned number = operation.slot % client->held_count;
    struct held *held = &client->held[number];
    int64_t timeout_ns = timeouts[operation.how % 8];
    switch (operation.how / 8 % 8) {
    case 0:
        drop_held(held);
        forget(client, number);
        break;
    case 1:
        cancel_held(held);
        break;
    case 2:
        pass(client, operation.value, number);
        break;
    default:
        if (!held->record && timeout_ns < 0)
            timeout_ns = 100000; /* its task may be waiting for this client to drop it */
        if (receive_held(held, timeout_ns, operation))
            forget(client, number);
    }
}

static void do_monitor(struct client *client, struct operation operation)
{
    int task;
    jlt_persistent *handle = slots_take(operation.slot, &task);
    if (!handle)
        return;
    struct held *held = make_room(client);
    must(jlt_persistent_monitor(handle, &held->receiver) == JLT_OK);
    held->task = task;
    client->held_count++;
    jlt_persistent_drop(handle);
}

static void do_name(struct operation operation)
{
    char name[16];
    int task;
    jlt_persistent *handle = NULL;
    jlt_status status;
    snprintf(name, sizeof name, "name%d", operation.value % name_count);
    switch (operation.how % 3) {
    case 0:
        handle = slots_take(operation.slot, &task);
        status = handle ? jlt_runtime_register(runtime, name, handle) : JLT_OK;
        jlt_persistent_drop(handle);
        must(status == JLT_OK || status == JLT_INVALID_ARGUMENT || status == JLT_CLOSED);
        break;
    case 1:
        status = jlt_runtime_lookup(runtime, name, &handle);
        must(status == JLT_OK || status == JLT_NOT_FOUND || (status == JLT_CLOSED && atomic_load(&model.closing)));
        must((status == JLT_OK) == (handle != NULL));
        if (handle)
            slots_put(operation.slot, handle, -1);
        break;
    default:
        status = jlt_runtime_unregister(runtime, name);
        must(status == JLT_OK || status == JLT_NOT_FOUND);
    }
}

static void do_slot(struct operation operation)
{
    int task = -1;
    jlt_persistent *handle = operation.how % 2 ? slots_take(operation.how / 2, &task) : NULL;
    slots_put(operation.slot, handle, task);
}

static void do_operation(struct client *client, struct operation operation)
{
    struct target target;
    switch (operation.what % 32) {
    default: /* half of them */
        target = task_in(operation.slot);
        do_call(client, operation, &target);
        jlt_persistent_drop(target.handle);
        break;
    case 0:
    case 1:
    case 2:
        target = once_of(operation.slot);
        do_call(client, operation, &target);
        break;
    case 3:
    case 4:
    case 5:
        do_start(client, operation);
        break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
        do_receiver(client, operation);
        break;
    case 11:
        do_slot(operation);
        break;
    case 12:
        cancellers_cancel(operation.slot, operation.how % 4);
        break;
    case 13:
        do_monitor(client, operation);
        break;
    case 14:
        do_name(operation);
        break;
    }
}

void *clients_run(void *data)
{
    struct client *client = data;
    struct round *round = client->round;
    jlt_runtime *own = jlt_runtime_clone(runtime);
    for (unsigned i = 0; i < round->operations; i++) {
        struct operation operation = round->next(round, client->number);
        atomic_store(&client->now, operation.what % 32);
        if (client->number == 0 && i == round->closes_at && closing != CLOSING_BY_DROP) {
            atomic_store(&may_close, true);
            if (operation.value % 2) /* else a body does, perhaps */
                close_runtime();
        }
        do_operation(client, operation);
        atomic_fetch_add(&client->done, 1);
    }
    atomic_store(&client->now, 32); /* receives all, but for monitors, whose tasks are in slots still */
    for (unsigned i = client->held_count; i-- > 0;)
        if (client->held[i].record) {
            must(receive_held(&client->held[i], -1, (struct operation){.slot = (uint8_t)i, .value = 1}));
            forget(client, i);
        }
    jlt_runtime_drop(own);
    return NULL;
}

/* ---- what bodies do ---- */

static void call_from_body(const struct target *target, struct order sent, int64_t timeout_ns)
{
    struct held held = {.task = target->task};
    held.record = send(target, NULL, NULL, sent, SEND, &held.receiver);
    if (held.record && !receive_held(&held, timeout_ns, (struct operation){.value = 1}))
        drop_held(&held);
}

void program_nested(jlt_frame *frame, struct order order)
{
    struct order sent = {order.next % ACT_INVOKE, order.slot, order.value, order.how, 0};
    struct operation start = {.slot = order.slot, .how = order.value, .value = order.how};
    struct target target = order.act % act_count == ACT_ONCE ? once_of(order.how) : task_in(order.slot);
    if (order.next % 4 == 0 && order.act % act_count < ACT_START)
        sent.act = ACT_INVOKE + order.next / 4 % 4; /* and so on, to other slots */
    sent.slot = (uint8_t)(order.slot * 3 + order.how + 1);
    sent.next = (uint8_t)(order.next / 16);
    (void)frame;
    switch ((enum act)(order.act % act_count)) {
    case ACT_INVOKE:
    case ACT_ONCE:
        if (!is_nowhere(&target))
            invoke(&target, NULL, NULL, sent, true);
        break;
    case ACT_CALL:
        if (target.handle)
            call_from_body(&target, sent, -1);
        break;
    case ACT_CALL_LATE:
        if (target.handle)
            call_from_body(&target, sent, 200000);
        break;
    case ACT_SEND:
        if (target.handle)
            send(&target, NULL, NULL, sent, order.how % 2 ? TRY : SEND, NULL);
        break;
    case ACT_START:
        spawn(NULL, start);
        break;
    case ACT_DROP:
        slots_put(order.slot, NULL, -1);
        break;
    case ACT_CLOSE:
        if (atomic_load(&may_close))
            close_runtime();
        break;
    default:
        break;
    }
    jlt_persistent_drop(target.handle);
}

/* ---- before and after ---- */

void clients_begin(struct round *round)
{
    shared_begin();
    atomic_store(&may_close, false);
    closing = round->closing;
    for (unsigned i = 0; i < clients_at_most; i++) {
        clients[i].round = round;
        clients[i].number = i;
        clients[i].sequence = clients[i].held_count = 0;
        atomic_store(&clients[i].done, 0);
    }
    for (uint8_t i = 0; i < slot_count; i += 2)
        spawn(&clients[0], (struct operation){.slot = i, .value = (uint8_t)(round->seed + i)});
}

static void receive_passed(void)
{
    for (unsigned i = 0; i < passed_count; i++) {
        if (passed[i].receiver && passed[i].record)
            must(receive_held(&passed[i], -1, (struct operation){.value = 1}));
        else if (passed[i].receiver)
            drop_held(&passed[i]);
        passed[i].receiver = NULL;
    }
}

void clients_end(void)
{
    receive_passed();
    shared_empty_slots();
    for (unsigned i = 0; i < clients_at_most; i++)
        for (struct held *held = clients[i].held; held < clients[i].held + clients[i].held_count; held++)
            must(receive_held(held, -1, (struct operation){.value = 1}));
    shared_end();
}
