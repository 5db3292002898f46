/* SPDX-License-Identifier: MIT */
#include "random/clients.h"

#include "random/engine.h"
#include "random/sending.h"

#include <stdio.h>
#include <string.h>

enum { passed_count = 4, name_count = 4, taken_at_most = 4 };

struct client clients[clients_at_most];

static pthread_mutex_t passed_lock = PTHREAD_MUTEX_INITIALIZER;
static struct held passed[passed_count];

static enum closing closing;
static atomic_bool may_close; /* for bodies */

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
    if (target_is_nowhere(target))
        return;
    if (with)
        limits = limits_of(operation.value);
    struct limits *given = with ? &limits : NULL;
    unsigned way = operation.how % 4;
    if (way == 0) {
        sending_invoke(target, client, given, operation.order, operation.value % 4);
    } else if (way == 1) {
        sending_send(target, client, given, operation.order, false, NULL);
    } else {
        struct held *held = make_room(client);
        held->record = sending_send(target, client, given, operation.order, way == 2, &held->receiver);
        client->held_count += held->record != NULL;
    }
    limits_leave(&limits);
}

static void do_start(struct client *client, struct operation operation)
{
    if (operation.how % 4 == 0) {
        sending_spawn(client, operation);
        return;
    }
    struct held *held = make_room(client);
    client->held_count += sending_dispatch_start(client, operation, held);
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

/* One or more messages whose replies come out of a queue. */
static void do_send_to_queue(struct client *client, struct operation operation)
{
    struct limits limits = limits_of(operation.value);
    struct target once = target_once(operation.slot);
    struct target targets[2] = {target_task(operation.slot), target_task((uint8_t)(operation.slot + operation.how))};
    limits_use_queue(&limits, operation.how / 4);
    if (operation.how % 4 == 0)
        sending_send(&once, client, &limits, operation.order, false, NULL);
    else if (operation.how % 4 == 1 && targets[0].handle)
        sending_send(&targets[0], client, &limits, operation.order, false, NULL);
    else if (targets[0].handle && targets[1].handle)
        sending_batch(targets, client, &limits, operation.order);
    limits_leave(&limits);
    jlt_persistent_drop(targets[0].handle);
    jlt_persistent_drop(targets[1].handle);
}

static void do_take(struct shared *queue, struct operation operation)
{
    static const int64_t timeouts[] = {0, 20000, 0, 500000};
    jlt_completion taken[taken_at_most];
    size_t count = 0, room = 1 + operation.value % taken_at_most;
    int64_t timeout_ns = timeouts[operation.value / 4 % 4];
    jlt_status status = jlt_queue_take_many(queue->queue, timeout_ns, taken, room, &count);
    must(status == JLT_OK ? count >= 1 && count <= room : status == (timeout_ns ? JLT_TIMEOUT : JLT_PENDING));
    for (size_t i = 0; status == JLT_OK && i < count; i++) {
        struct record *record = taken[i].user;
        struct held held = {.receiver = taken[i].receiver, .record = record, .task = atomic_load(&record->task)};
        must(atomic_load(&record->queue) == queue);
        must(receive_held(&held, 0, operation)); /* it has its reply */
    }
}

/* One that was sent without. */
static void do_add(struct client *client, struct shared *queue, uint8_t place)
{
    unsigned number = client->held_count ? place % client->held_count : 0;
    struct held *held = &client->held[number];
    if (!client->held_count || !held->record)
        return;
    atomic_store(&held->record->queue, queue);
    must(jlt_queue_add(queue->queue, held->receiver, held->record) == JLT_OK);
    forget(client, number);
}

static void do_queue(struct client *client, struct operation operation)
{
    if (operation.how % 16 == 15) {
        queues_renew(operation.slot);
        return;
    }
    struct shared *queue = queues_use(operation.slot);
    if (queue && operation.how % 4 == 0)
        do_add(client, queue, operation.value);
    else if (queue)
        do_take(queue, operation);
    shared_leave(queue);
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
        target = target_task(operation.slot);
        do_call(client, operation, &target);
        jlt_persistent_drop(target.handle);
        break;
    case 0:
    case 1:
    case 2:
        target = target_once(operation.slot);
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
    case 15:
    case 16:
        do_send_to_queue(client, operation);
        break;
    case 17:
    case 18:
        do_queue(client, operation);
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
    held.record = sending_send(target, NULL, NULL, sent, false, &held.receiver);
    if (held.record && !receive_held(&held, timeout_ns, (struct operation){.value = 1}))
        drop_held(&held);
}

void program_nested(jlt_frame *frame, struct order order)
{
    struct order sent = {order.next % ACT_INVOKE, order.slot, order.value, order.how, 0};
    struct operation start = {.slot = order.slot, .how = order.value, .value = order.how};
    struct target target = order.act % act_count == ACT_ONCE ? target_once(order.how) : target_task(order.slot);
    if (order.next % 4 == 0 && order.act % act_count < ACT_START)
        sent.act = ACT_INVOKE + order.next / 4 % 4; /* and so on, to other slots */
    sent.slot = (uint8_t)(order.slot * 3 + order.how + 1);
    sent.next = (uint8_t)(order.next / 16);
    (void)frame;
    switch ((enum act)(order.act % act_count)) {
    case ACT_INVOKE:
    case ACT_ONCE:
        if (!target_is_nowhere(&target))
            sending_invoke(&target, NULL, NULL, sent, true);
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
            sending_send(&target, NULL, NULL, sent, order.how % 2, NULL);
        break;
    case ACT_START:
        sending_spawn(NULL, start);
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
        sending_spawn(&clients[0], (struct operation){.slot = i, .value = (uint8_t)(round->seed + i)});
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
