/* Values of every kind, structs, collections, arrays in place, and an array handed to the client without a copy. */
#include "guide.h"

struct point {
    double x, y;
};

static void values(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    int count = 3;
    jlt_value *boxed = jlt_box(frame, count); /* by C's type: Int32 */
    int back = 0;
    EXPECT(jlt_unbox(frame, boxed, &back) && back == 3);
    double wrong = 0;
    EXPECT(!jlt_unbox(frame, boxed, &wrong) && jlt_catch(frame) == JLT_TYPE_MISMATCH);

    jlt_value *pair = jlt_tuple(frame, boxed, jlt_box_string(frame, "three"));
    EXPECT(!strcmp(jlt_show(frame, pair, NULL), "(3, \"three\")"));

    jlt_eval(frame, "struct Point; x::Float64; y::Float64; end");
    jlt_value *point_type = jlt_global(frame, "Main.Point");
    struct point point = {1.0, 2.0};
    jlt_value *value = jlt_box_bits(frame, point_type, &point, sizeof point); /* the sizes must agree */
    EXPECT(jlt_unbox_f64(frame, jlt_field_get(frame, value, "y")) > 1.9);
    EXPECT(jlt_unbox_bits(frame, value, point_type, &point, sizeof point));

    jlt_value *ages = jlt_eval(frame, "Dict{String,Int}()"), *ada = jlt_box_string(frame, "Ada");
    jlt_index_set(frame, ages, jlt_box_i64(frame, 36), ada);
    EXPECT(jlt_has_key(frame, ages, ada) && jlt_length(frame, ages) == 1);
}

static void arrays(jlt_frame *frame, const void *input, void *output)
{
    double data[6] = {1, 2, 3, 4, 5, 6}; /* two rows, three columns: column after column */
    (void)input;
    jlt_value *matrix = jlt_array_wrap(frame, JLT_F64, data, 2, (size_t[]){2, 3});
    jlt_call(frame, jlt_eval(frame, "m -> (m .*= 10; nothing)"), matrix);
    EXPECT(data[5] > 59);

    jlt_view view;
    jlt_value *row = jlt_call(frame, jlt_eval(frame, "m -> view(m, 2, :)"), matrix);
    EXPECT(jlt_array_view_strided(frame, row, JLT_F64, &view) && view.length == 3 && !view.contiguous);
    EXPECT(jlt_at(&view, double, 2) > 59);

    jlt_value *result = jlt_call(frame, jlt_eval(frame, "m -> vec(sum(m, dims = 1))"), matrix);
    *(jlt_held **)output = jlt_hold(frame, result); /* stays rooted until it is dropped */
}

static void drop_held(void *output)
{
    jlt_held_drop(*(jlt_held **)output);
}

int main(void)
{
    static const jlt_task_type values_type = {.name = "values", .run = values};
    static const jlt_task_type arrays_type = {
        .name = "arrays", .output_size = sizeof(jlt_held *), .run = arrays, .dispose_output = drop_held};
    jlt_runtime *runtime;
    jlt_thread *thread;
    CHECK(jlt_runtime_spawn(NULL, &runtime, &thread));
    CHECK(jlt_task_invoke(runtime, &values_type, NULL, NULL));

    jlt_held *sums;
    jlt_view view;
    CHECK(jlt_task_invoke(runtime, &arrays_type, NULL, &sums));
    CHECK(jlt_held_view(sums, JLT_F64, &view)); /* on a client's thread, without Julia */
    EXPECT(view.length == 3 && ((double *)view.data)[2] > 109);
    jlt_held_drop(sums);

    jlt_runtime_drop(runtime);
    CHECK(jlt_thread_join(thread));
    return 0;
}
