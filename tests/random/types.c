/* SPDX-License-Identifier: MIT */
#include "random/types.h"

#include "random/engine.h"
#include "random/program.h"

#include <string.h>
#include <time.h>

/* ---- patterns: so that what is read too late, or written too early, is seen ---- */

static uint8_t pattern_at(const struct record *record, size_t at)
{
    return (uint8_t)((size_t)(record - model.records) * 7 + at * 13 + 1);
}

static void set_pattern(const struct record *record, uint8_t *pattern, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pattern[i] = pattern_at(record, i);
}

static void check_pattern(const struct record *record, const uint8_t *pattern, size_t count)
{
    for (size_t i = 0; i < count; i++)
        must(pattern[i] == pattern_at(record, i));
}

struct input *types_input(void *buffer, const struct record *record, struct order order)
{
    struct input *input = buffer;
    *input = (struct input){(uint32_t)(record - model.records), record->sender, record->sequence, order};
    set_pattern(record, input->pattern, large_bytes - sizeof *input);
    return input;
}

void types_check_output(const struct record *record, const struct output *output, size_t size)
{
    must(output->record == record - model.records);
    check_pattern(record, output->pattern, size - sizeof *output);
}

static struct record *record_of(uint32_t number)
{
    must(number < atomic_load(&model.record_count));
    return &model.records[number];
}

static void dispose_input(void *data)
{
    const struct input *input = data;
    atomic_fetch_add(&record_of(input->record)->inputs_disposed, 1);
}

static void dispose_output(void *data)
{
    const struct output *output = data;
    atomic_fetch_add(&record_of(output->record)->outputs_disposed, 1);
}

/* ---- what bodies do ---- */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void compute(jlt_frame *frame, int64_t ns, bool until_stop)
{
    for (int64_t end = now_ns() + ns; now_ns() < end && !(until_stop && jlt_cancelled(frame));) {
    }
}

static void act(jlt_frame *frame, const struct record *record, struct order order, bool retries)
{
    unsigned failing = retries ? order.how % 3 + 1u : UINT32_MAX;
    switch ((enum act)(order.act % act_count)) {
    case ACT_NOTHING:
        break;
    case ACT_FAIL:
        if (atomic_load(&record->runs) <= failing)
            jlt_fail(frame, "told to fail");
        break;
    case ACT_THROW:
        if (atomic_load(&record->runs) <= failing)
            engine_act(frame, ACT_THROW, order.how);
        break;
    case ACT_YIELD:
    case ACT_SLEEP:
    case ACT_ALLOCATE:
        engine_act(frame, (enum act)(order.act % act_count), order.how);
        break;
    case ACT_COMPUTE:
        compute(frame, order.how * 500, false);
        break;
    case ACT_UNTIL_STOP:
        compute(frame, 1000000, true);
        break;
    default:
        program_nested(frame, order);
    }
}

static struct record *begin(jlt_frame *frame, const struct input *input, size_t input_size)
{
    struct record *record = record_of(input->record);
    engine_begin(frame);
    atomic_fetch_add(&model.bodies, 1);
    must(record->sender == input->sender && record->sequence == input->sequence);
    check_pattern(record, input->pattern, input_size - sizeof *input);
    must(!atomic_load(&record->inputs_disposed));
    must(!atomic_load(&record->successes));
    atomic_fetch_add(&record->runs, 1);
    return record;
}

static void end(jlt_frame *frame, struct record *record, const struct input *input, size_t input_size,
                struct output *output, size_t output_size)
{
    check_pattern(record, input->pattern, input_size - sizeof *input);
    must(output->record == 0); /* zeroed, and nobody else's */
    output->record = input->record;
    set_pattern(record, output->pattern, output_size - sizeof *output);
    atomic_fetch_add(engine_ok(frame) ? &record->successes : &record->failures, 1);
    atomic_fetch_sub(&model.bodies, 1);
}

/* ---- one-shot tasks ---- */

static void once(jlt_frame *frame, const struct input *input, struct output *output, const jlt_task_type *type)
{
    struct record *record = begin(frame, input, type->input_size);
    act(frame, record, input->order, false);
    end(frame, record, input, type->input_size, output, type->output_size);
}

static void once_0(jlt_frame *frame, const void *input, void *output)
{
    once(frame, input, output, &once_types[0]);
}

static void once_1(jlt_frame *frame, const void *input, void *output)
{
    once(frame, input, output, &once_types[1]);
}

static void once_2(jlt_frame *frame, const void *input, void *output)
{
    once(frame, input, output, &once_types[2]);
}

enum { small_bytes = sizeof(struct input) + 4, small_output = sizeof(struct output) + 8 };

const jlt_task_type once_types[once_variants] = {
    {.name = "once",
     .input_size = small_bytes,
     .output_size = small_output,
     .run = once_0,
     .dispose_input = dispose_input,
     .dispose_output = dispose_output},
    {.name = "once-large",
     .input_size = large_bytes,
     .output_size = large_bytes,
     .run = once_1,
     .dispose_input = dispose_input,
     .dispose_output = dispose_output,
     .skip_if_dropped = true},
    {.name = "once-fixed",
     .input_size = small_bytes,
     .output_size = small_output,
     .run = once_2,
     .dispose_input = dispose_input,
     .dispose_output = dispose_output,
     .thread = 1},
};

/* ---- persistent tasks ---- */

struct state {
    struct task_model *task;
    struct engine_sum sum;
};

static void enter(struct task_model *task)
{
    must(!atomic_exchange(&task->running, true));
    atomic_fetch_add(&model.bodies, 1);
}

static void leave(struct task_model *task)
{
    must(atomic_exchange(&task->running, false));
    atomic_fetch_sub(&model.bodies, 1);
}

static void init(jlt_frame *frame, void *state, const void *data)
{
    const struct config *config = data;
    struct state *self = state;
    must(!self->task && !self->sum.julia && !self->sum.plain);
    engine_begin(frame);
    self->task = &model.tasks[config->task];
    enter(self->task);
    unsigned before = atomic_load(&self->task->inits);
    must(before == atomic_load(&self->task->exits));
    must(!atomic_load(&self->task->failed_inits));
    engine_init_sum(frame, &self->sum);
    self->task->sum = 0;
    if (config->fails_at == before + 1)
        jlt_fail(frame, "told to fail in init");
    bool ok = engine_ok(frame);
    if (before == 0) {
        atomic_fetch_add(&self->task->start->runs, 1);
        atomic_fetch_add(ok ? &self->task->start->successes : &self->task->start->failures, 1);
    }
    atomic_fetch_add(ok ? &self->task->inits : &self->task->failed_inits, 1);
    leave(self->task);
}

static void check_order(struct task_model *task, const struct input *input, bool retries)
{
    if (input->sender >= clients_at_most)
        return; /* of bodies, which send from many fibers */
    uint32_t last = task->last[input->sender];
    must(input->sequence > last || (retries && input->sequence == last));
    task->last[input->sender] = input->sequence;
}

static void run(jlt_frame *frame, void *state, const void *data, void *output)
{
    struct state *self = state;
    struct task_model *task = self->task;
    const struct input *input = data;
    const jlt_persistent_type *type = &task_types[task->variant];
    int number = (int)(task - model.tasks), sent_to = -1;
    enter(task);
    must(atomic_load(&task->inits) == atomic_load(&task->exits) + 1);
    struct record *record = begin(frame, input, type->input_size);
    must(atomic_compare_exchange_strong(&record->task, &sent_to, number) || sent_to == number);
    atomic_fetch_or(&record->flags, types_flags(task->variant));
    check_order(task, input, type->retry);
    task->sum += input->order.value;
    atomic_fetch_add(&task->total, input->order.value);
    int64_t sum = engine_add(frame, &self->sum, input->order.value);
    must(!engine_ok(frame) || sum == task->sum);
    act(frame, record, input->order, type->retry);
    must(sum == task->sum || !engine_ok(frame)); /* nobody else had a turn */
    ((struct output *)output)->sum = sum;
    must(atomic_exchange(&task->running, false));
    atomic_fetch_sub(&model.bodies, 1);
    end(frame, record, input, type->input_size, output, type->output_size);
}

static void leave_task(jlt_frame *frame, void *state)
{
    struct state *self = state;
    engine_begin(frame);
    enter(self->task);
    int64_t sum = engine_add(frame, &self->sum, 0);
    must(!engine_ok(frame) || sum == self->task->sum);
    atomic_fetch_add(&self->task->exits, 1);
    must(atomic_load(&self->task->inits) == atomic_load(&self->task->exits));
    leave(self->task);
}

#define TASK(...)                                                                                                      \
    {                                                                                                                  \
        .state_size = sizeof(struct state), .config_size = sizeof(struct config), .init = init, .run = run,            \
        .exit = leave_task, .dispose_input = dispose_input, .dispose_output = dispose_output, __VA_ARGS__              \
    }
#define SMALL .input_size = small_bytes, .output_size = small_output
#define LARGE .input_size = large_bytes, .output_size = large_bytes

const jlt_persistent_type task_types[variants] = {
    TASK(.name = "keeps-going", SMALL),
    TASK(.name = "bounded", SMALL, .capacity = 2),
    TASK(.name = "skips", LARGE, .skip_if_dropped = true),
    TASK(.name = "stops", SMALL, .on_failure = JLT_STOP),
    TASK(.name = "restarts", SMALL, .on_failure = JLT_RESTART),
    TASK(.name = "retries", SMALL, .on_failure = JLT_RESTART, .restarts = 3, .retry = true),
    TASK(.name = "backs-off", SMALL, .capacity = 3, .on_failure = JLT_RESTART, .restarts = 4,
         .restart_window_ns = 1000000000, .backoff_ns = 200000),
    TASK(.name = "fixed", LARGE, .capacity = 1, .thread = 1),
    TASK(.name = "stops-bounded", LARGE, .capacity = 2, .skip_if_dropped = true, .on_failure = JLT_STOP),
    /* the window is short, so that the back-off stays so */
    TASK(.name = "retries-late", SMALL, .on_failure = JLT_RESTART, .restart_window_ns = 2000000, .backoff_ns = 50000,
         .retry = true),
};

bool types_may_stop(int variant)
{
    return task_types[variant].on_failure != JLT_KEEP_GOING; /* restarts too, if init fails */
}

bool types_restart(int variant)
{
    return task_types[variant].on_failure == JLT_RESTART;
}

unsigned types_flags(int variant)
{
    return task_types[variant].retry ? RECORD_RETRIES : 0;
}
