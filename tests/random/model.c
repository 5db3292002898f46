/* SPDX-License-Identifier: MIT */
#include "random/model.h"

#include "random/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model model;

void model_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not so: %s\nround %llu, last error: %s\n", file, line, condition,
            (unsigned long long)model.seed, jlt_error_message());
    abort();
}

void model_reset(uint64_t seed)
{
    memset((void *)&model, 0, sizeof model);
    model.seed = seed;
}

/* ---- entries ---- */

static unsigned next_of(atomic_uint *count, unsigned most)
{
    unsigned number = atomic_load(count);
    while (number < most && !atomic_compare_exchange_weak(count, &number, number + 1)) {
    }
    return number;
}

struct record *model_record(enum record_kind kind, uint32_t sender, unsigned flags)
{
    unsigned number = next_of(&model.record_count, records_at_most);
    if (number == records_at_most)
        return NULL;
    struct record *record = &model.records[number];
    record->kind = kind;
    record->sender = sender;
    atomic_store(&record->task, -1);
    atomic_store(&record->flags, flags);
    return record;
}

struct task_model *model_task(int variant, struct record *start)
{
    unsigned number = next_of(&model.task_count, tasks_at_most);
    if (number == tasks_at_most)
        return NULL;
    struct task_model *task = &model.tasks[number];
    task->variant = variant;
    task->start = start;
    return task;
}

static bool has(const struct record *record, unsigned flag)
{
    return atomic_load(&record->flags) & flag;
}

/* ---- what a status may be ---- */

static bool may_be_cancelled(const struct record *record)
{
    return has(record, RECORD_MAY_CANCEL | RECORD_OF_BODY) || atomic_load(&model.cancelling) ||
           (record->canceller && atomic_load(&record->canceller->used));
}

/* The task that it went to may end by itself. */
static bool may_be_closed(const struct record *record)
{
    int task = atomic_load(&record->task);
    return atomic_load(&model.closing) ||
           (record->kind == RECORD_RUN && (task < 0 || types_may_stop(model.tasks[task].variant)));
}

static void note_sent(struct record *record, unsigned flag)
{
    must(!(atomic_fetch_or(&record->flags, flag) & (RECORD_SENT | RECORD_NOT_SENT | RECORD_MAYBE_SENT)));
}

static void check_refusal(const struct record *record, jlt_status status)
{
    switch (status) {
    case JLT_FULL:
        break;
    case JLT_CLOSED:
        must(may_be_closed(record));
        break;
    case JLT_CANCELLED:
        must(may_be_cancelled(record));
        break;
    case JLT_DEADLINE_EXCEEDED:
        must(has(record, RECORD_HAS_DEADLINE));
        break;
    case JLT_WOULD_DEADLOCK:
        must(has(record, RECORD_OF_BODY));
        break;
    default:
        must(!"a status of a send");
    }
}

void model_sent(struct record *record, jlt_status status)
{
    if (status != JLT_OK)
        check_refusal(record, status);
    note_sent(record, status == JLT_OK ? RECORD_SENT : RECORD_NOT_SENT);
}

/* What the error's text says of a body that has not begun stays so. */
static void note_given_up(struct record *record)
{
    if (strstr(jlt_error_message(), "had not begun"))
        atomic_fetch_or(&record->flags, RECORD_NEVER_RUNS);
}

/* An invoke's status may be that of its send. */
static unsigned sent_as(jlt_status status)
{
    if (status == JLT_FULL || status == JLT_WOULD_DEADLOCK || strstr(jlt_error_message(), "was not made"))
        return RECORD_NOT_SENT;
    return status == JLT_CLOSED ? RECORD_MAYBE_SENT : RECORD_SENT;
}

static void check_answer(struct record *record, jlt_status status, bool invoked)
{
    switch (status) {
    case JLT_OK:
        must(atomic_load(&record->successes) == 1);
        break;
    case JLT_FAILED:
    case JLT_EXCEPTION:
        must(atomic_load(&record->failures) > 0);
        must(atomic_load(&record->successes) == 0);
        break;
    case JLT_CANCELLED:
        must(may_be_cancelled(record));
        note_given_up(record);
        break;
    case JLT_DEADLINE_EXCEEDED:
        must(has(record, RECORD_HAS_DEADLINE));
        note_given_up(record);
        break;
    case JLT_CLOSED:
        must(may_be_closed(record));
        must(atomic_load(&record->runs) == 0);
        break;
    default:
        must(invoked);
        check_refusal(record, status);
    }
}

void model_answered(struct record *record, jlt_status status, bool invoked, bool delivered)
{
    if (invoked)
        note_sent(record, sent_as(status));
    must(!(atomic_fetch_or(&record->flags, RECORD_ANSWERED) & (RECORD_ANSWERED | RECORD_DROPPED)));
    check_answer(record, status, invoked);
    if (status == JLT_OK && delivered)
        atomic_fetch_add(&record->delivered, 1);
}

void model_queue_dropped(const struct shared *queue)
{
    for (unsigned i = 0; i < atomic_load(&model.record_count); i++)
        if (atomic_load(&model.records[i].queue) == queue && !has(&model.records[i], RECORD_ANSWERED | RECORD_NOT_SENT))
            atomic_fetch_or(&model.records[i].flags, RECORD_DROPPED);
}

void model_check_end(const struct task_model *task, const jlt_end *end)
{
    must(end->reason >= JLT_END_DROPPED && end->reason <= JLT_END_CLOSED);
    must((end->reason == JLT_END_FAILED) == (end->status != JLT_OK));
    must(end->reason != JLT_END_CLOSED || atomic_load(&model.closing));
    if (!task)
        return;
    must(end->reason != JLT_END_FAILED || types_may_stop(task->variant));
    must(atomic_load(&task->inits) == atomic_load(&task->exits));
    must(!atomic_load(&task->running));
    must(end->restarts <= atomic_load(&task->inits) + atomic_load(&task->failed_inits) - 1);
}

/* ---- when all is over ---- */

static bool is_over(const struct record *record)
{
    unsigned runs = atomic_load(&record->runs);
    if (!has(record, RECORD_SENT) || record->kind == RECORD_START)
        return true;
    return runs ? runs == atomic_load(&record->successes) + atomic_load(&record->failures)
                : atomic_load(&record->inputs_disposed);
}

static bool outputs_are_over(const struct record *record)
{
    return record->kind == RECORD_START ||
           atomic_load(&record->successes) == atomic_load(&record->delivered) + atomic_load(&record->outputs_disposed);
}

bool model_is_quiet(void)
{
    if (atomic_load(&model.bodies))
        return false;
    for (unsigned i = 0; i < atomic_load(&model.record_count); i++)
        if (!is_over(&model.records[i]) || !outputs_are_over(&model.records[i]))
            return false;
    for (unsigned i = 0; i < atomic_load(&model.task_count); i++)
        if (atomic_load(&model.tasks[i].inits) != atomic_load(&model.tasks[i].exits))
            return false;
    return true;
}

static void check_message(const struct record *record)
{
    unsigned runs = atomic_load(&record->runs), disposed = atomic_load(&record->inputs_disposed);
    unsigned successes = atomic_load(&record->successes);
    if (has(record, RECORD_SENT))
        must(runs ? !disposed : disposed == 1);
    else if (has(record, RECORD_MAYBE_SENT))
        must(runs ? !disposed : disposed <= 1);
    else
        must(!runs && !disposed);
    must(runs <= 1 || has(record, RECORD_RETRIES));
    must(!runs || !has(record, RECORD_NEVER_RUNS));
    must(runs == successes + atomic_load(&record->failures));
    must(successes <= 1);
    must(successes == atomic_load(&record->delivered) + atomic_load(&record->outputs_disposed));
}

static void check_record(const struct record *record)
{
    bool sent = has(record, RECORD_SENT | RECORD_MAYBE_SENT);
    if (has(record, RECORD_HAS_RECEIVER) && sent)
        must(has(record, RECORD_ANSWERED | RECORD_DROPPED));
    if (record->kind != RECORD_START)
        check_message(record);
    else
        must(sent || !atomic_load(&record->runs));
}

static void check_task(const struct task_model *task)
{
    unsigned inits = atomic_load(&task->inits), failed = atomic_load(&task->failed_inits);
    must(inits == atomic_load(&task->exits));
    must(!atomic_load(&task->running));
    must(failed <= 1); /* that ends it */
    must(inits + failed <= 1 || types_restart(task->variant));
    must((inits + failed > 0) == (atomic_load(&task->start->runs) > 0));
}

unsigned long model_check_all(void)
{
    unsigned long runs = 0;
    must(!atomic_load(&model.bodies));
    for (unsigned i = 0; i < atomic_load(&model.record_count); i++) {
        check_record(&model.records[i]);
        runs += atomic_load(&model.records[i].runs);
    }
    for (unsigned i = 0; i < atomic_load(&model.task_count); i++)
        check_task(&model.tasks[i]);
    return runs;
}
