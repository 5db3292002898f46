/* SPDX-License-Identifier: MIT
 *
 * How the types that callers fill become core's: shared when equal, taken from older and newer headers, refused with
 * a reason. */
#include "core/type.h"

#include "core/fake_engine.h"

#include <sched.h>

static void run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
}

static void run_persistent(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
}

static void init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame, (void)state, (void)config;
}

static void dispose(void *bytes)
{
    (void)bytes;
}

static const jlt_persistent_type full_type = {
    .name = "full",
    .state_size = 1,
    .config_size = 2,
    .input_size = 3,
    .output_size = 4,
    .capacity = 5,
    .init = init,
    .run = run_persistent,
    .dispose_output = dispose,
};

static void test_equal_types_share_one_copy(void **unused)
{
    (void)unused;
    char name[] = "full";
    jlt_persistent_type again = full_type;
    again.name = name; /* equal text elsewhere */
    const struct type *type = type_of(&full_type);
    assert_non_null(type);
    assert_ptr_equal(type_of((const jlt_persistent_type *)&again), type);
    name[0] = 'b';
    assert_string_equal(type->name, "full"); /* the caller's may be gone */
    assert_ptr_not_equal(type_of((const jlt_persistent_type *)&again), type);
}

static void test_a_copy_has_what_the_caller_filled(void **unused)
{
    (void)unused;
    const struct type *type = type_of(&full_type);
    assert_true(type->persistent);
    assert_int_equal(type->fields.state_size, 1);
    assert_int_equal(type->fields.config_size, 2);
    assert_int_equal(type->fields.input_size, 3);
    assert_int_equal(type->fields.output_size, 4);
    assert_int_equal(type->fields.capacity, 5);
    assert_true(type->fields.init == init && type->fields.run == run_persistent && !type->fields.exit);
    assert_true(type->fields.dispose_output == dispose && !type->fields.dispose_input);
}

static void test_types_that_differ_anywhere_are_kept_apart(void **unused)
{
    (void)unused;
    const struct type *type = type_of(&full_type);
    jlt_persistent_type others[8];
    for (int i = 0; i < 8; i++)
        others[i] = full_type;
    others[0].state_size++;
    others[1].config_size++;
    others[2].input_size++;
    others[3].output_size++;
    others[4].capacity++;
    others[5].init = NULL;
    others[6].dispose_output = NULL;
    others[7].dispose_input = dispose;
    for (int i = 0; i < 8; i++)
        assert_ptr_not_equal(type_of((const jlt_persistent_type *)&others[i]), type);
}

static void test_what_is_behind_the_last_member_makes_no_type_of_its_own(void **unused)
{
    (void)unused;
    const struct type *first = NULL;
    for (int byte = 0; byte < 3; byte++) {
        jlt_persistent_type type;
        memset(&type, byte, sizeof type);
        memset(&type, 0, offsetof(jlt_persistent_type, retry) + sizeof type.retry);
        type.run = run_persistent;
        const struct type *interned = type_of((const jlt_persistent_type *)&type);
        assert_non_null(interned);
        first = first ? first : interned;
        assert_ptr_equal(interned, first);
    }
}

static void test_one_shot_types_are_kept_apart_from_persistent_ones(void **unused)
{
    (void)unused;
    const jlt_task_type once = {.name = "same name", .input_size = 8, .run = run};
    const jlt_persistent_type persistent = {.name = "same name", .input_size = 8, .run = run_persistent};
    const struct type *type = type_of(&once);
    assert_false(type->persistent);
    assert_true(type->run_once == run);
    assert_int_equal(type->fields.input_size, 8);
    assert_ptr_not_equal(type_of(&persistent), type);
    assert_ptr_equal(type_of(&once), type);
}

static void test_a_type_without_a_name_is_called_after_its_kind(void **unused)
{
    (void)unused;
    const jlt_task_type once = {.run = run};
    const jlt_persistent_type persistent = {.run = run_persistent};
    assert_string_equal(type_of(&once)->name, "task");
    assert_string_equal(type_of(&persistent)->name, "persistent");
}

/* A header in which the struct ended after run. */
static void test_a_struct_of_an_older_header_is_accepted(void **unused)
{
    (void)unused;
    size_t size = offsetof(jlt_persistent_type, run) + sizeof full_type.run;
    jlt_persistent_type *older = malloc(size); /* so that reading further is found out */
    assert_non_null(older);
    memcpy(older, &full_type, size);
    const struct type *type = type_of_persistent(older, size, NULL);
    free(older);
    jlt_persistent_type same = full_type;
    same.dispose_output = NULL;
    assert_non_null(type);
    assert_true(type->fields.run == run_persistent && !type->fields.exit && !type->fields.dispose_output);
    assert_ptr_equal(type, type_of((const jlt_persistent_type *)&same));

    size = offsetof(jlt_task_type, run) + sizeof(void (*)(void));
    jlt_task_type *older_task = malloc(size);
    assert_non_null(older_task);
    memcpy(older_task, &(jlt_task_type){.name = "older", .output_size = 3, .run = run}, size);
    type = type_of_task(older_task, size);
    free(older_task);
    assert_non_null(type);
    assert_true(type->run_once == run && !type->fields.dispose_output);
}

static void test_a_struct_of_a_newer_header_is_accepted(void **unused)
{
    (void)unused;
    struct {
        jlt_persistent_type known;
        char unknown[32];
    } newer = {.known = full_type, .unknown = "from a later release"};
    assert_ptr_equal(type_of_persistent(&newer.known, sizeof newer, NULL), type_of(&full_type));
}

static void test_julia_names_are_compared_and_copied(void **unused)
{
    (void)unused;
    static const struct julia_bodies bodies = {7, init, run_persistent, NULL};
    char run_name[] = "Main.run", type_name[] = "Int64";
    jlt_persistent_type fields = {.input_size = 8, .julia_run = "Main.run", .julia_input = "Int64"};
    jlt_persistent_type again = {.input_size = 8, .julia_run = run_name, .julia_input = type_name};
    const struct type *type = type_of_persistent(&fields, sizeof fields, &bodies);
    assert_non_null(type);
    assert_ptr_equal(type_of_persistent(&again, sizeof again, &bodies), type);
    assert_int_equal(type->fields.state_size, 7);
    assert_ptr_equal(type->fields.run, run_persistent);
    type_name[0] = 'X';
    const struct type *other = type_of_persistent(&again, sizeof again, &bodies);
    assert_ptr_not_equal(other, type);
    run_name[0] = type_name[0] = 'Y';
    assert_string_equal(other->fields.julia_run, "Main.run"); /* the caller's may be gone */
    assert_string_equal(other->fields.julia_input, "Xnt64");
    again.julia_input = NULL;
    again.input_size = 0;
    assert_ptr_not_equal(type_of_persistent(&again, sizeof again, &bodies), type);
    assert_null(type_of_persistent(&fields, sizeof fields, NULL)); /* nothing here runs them */
    assert_contains(jlt_error_message(), "has no run");
    error_none();
}

static void test_what_cannot_be_run_is_refused_with_a_reason(void **unused)
{
    (void)unused;
    const jlt_persistent_type persistent = {.name = "idler"};
    const jlt_task_type once = {.name = NULL};
    assert_null(type_of(&persistent));
    assert_int_equal(error_last()->status, JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "\"idler\" has no run");
    assert_null(type_of(&once));
    assert_contains(jlt_error_message(), "\"task\" has no run");
    /* a struct so old that run is not in it */
    assert_null(type_of_persistent(&full_type, offsetof(jlt_persistent_type, run), NULL));
    assert_contains(jlt_error_message(), "\"full\" has no run");
    assert_null(type_of_persistent(NULL, sizeof full_type, NULL));
    assert_int_equal(error_last()->status, JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "NULL");
    error_none();
    assert_null(type_of_task(NULL, sizeof once));
    assert_contains(jlt_error_message(), "NULL");
    error_none();
}

static void assert_too_large(const jlt_persistent_type *type)
{
    assert_null(type_of(type));
    assert_int_equal(error_last()->status, JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "a size that no memory has");
    error_none();
}

static void test_sizes_whose_sums_would_wrap_round_are_refused(void **unused)
{
    (void)unused;
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 8, SIZE_MAX / 2};
    const jlt_task_type once = {.name = "large", .output_size = SIZE_MAX - 8, .run = run};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_too_large(&(jlt_persistent_type){.name = "large", .run = run_persistent, .state_size = sizes[i]});
        assert_too_large(&(jlt_persistent_type){.name = "large", .run = run_persistent, .config_size = sizes[i]});
        assert_too_large(&(jlt_persistent_type){.name = "large", .run = run_persistent, .input_size = sizes[i]});
        assert_too_large(&(jlt_persistent_type){.name = "large", .run = run_persistent, .output_size = sizes[i]});
    }
    assert_null(type_of(&once));
    assert_contains(jlt_error_message(), "a size that no memory has");
    error_none();
}

/* ---- many threads ---- */

enum { threads = 4, types = 2000 };
static const struct type *interned[threads][types];

static void *intern_all(void *data)
{
    size_t self = (size_t)(intptr_t)data;
    for (size_t i = 0; i < types; i++) {
        const jlt_task_type type = {.name = "numbered", .input_size = i, .run = run};
        interned[self][i] = type_of(&type);
    }
    return NULL;
}

static void test_threads_that_meet_get_the_same_copies(void **unused)
{
    (void)unused;
    pthread_t all[threads];
    for (int i = 0; i < threads; i++)
        all[i] = thread_start(intern_all, (void *)(intptr_t)i);
    for (int i = 0; i < threads; i++)
        thread_join(all[i]);
    for (size_t i = 0; i < types; i++) {
        assert_int_equal(interned[0][i]->fields.input_size, i);
        for (int other = 1; other < threads; other++)
            assert_ptr_equal(interned[other][i], interned[0][i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_types_share_one_copy),
        cmocka_unit_test(test_a_copy_has_what_the_caller_filled),
        cmocka_unit_test(test_types_that_differ_anywhere_are_kept_apart),
        cmocka_unit_test(test_what_is_behind_the_last_member_makes_no_type_of_its_own),
        cmocka_unit_test(test_one_shot_types_are_kept_apart_from_persistent_ones),
        cmocka_unit_test(test_a_type_without_a_name_is_called_after_its_kind),
        cmocka_unit_test(test_a_struct_of_an_older_header_is_accepted),
        cmocka_unit_test(test_a_struct_of_a_newer_header_is_accepted),
        cmocka_unit_test(test_julia_names_are_compared_and_copied),
        cmocka_unit_test(test_what_cannot_be_run_is_refused_with_a_reason),
        cmocka_unit_test(test_sizes_whose_sums_would_wrap_round_are_refused),
        cmocka_unit_test(test_threads_that_meet_get_the_same_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
