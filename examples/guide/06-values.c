/* C data to Julia values and back: boxes, tuples, fields, structs, a Dict. */
#include "expect.h"

#include <jltask.h>

#include <string.h>

struct point {
    double x, y;
};

static void boxes_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_value *small = jlt_box(frame, 3);      /* an int: Int32 */
    jlt_value *real = jlt_box(frame, 2.5);     /* Float64 */
    jlt_value *text = jlt_box(frame, "Grüße"); /* String */
    jlt_value *pair = jlt_tuple(frame, small, real);
    jlt_value *sum = jlt_call_splat(frame, jlt_global(frame, "Base.+"), pair);

    double number;
    const char *word;
    if (!jlt_unbox(frame, sum, &number) || !jlt_unbox(frame, text, &word))
        return; /* the frame has failed */
    if (number != 5.5 || strcmp(word, "Grüße") != 0 || jlt_length(frame, text) != 5)
        jlt_fail(frame, "%g %s", number, word);

    /* an unbox wants exactly its type */
    int64_t wide;
    if (jlt_unbox(frame, small, &wide) || jlt_catch(frame) != JLT_TYPE_MISMATCH)
        jlt_fail(frame, "an Int32 was unboxed as an Int64");
}

static void fields_run(jlt_frame *frame, const void *input, void *output)
{
    const struct point *from = input;
    struct point *to = output;
    jlt_eval(frame, "struct Point; x::Float64; y::Float64; end;"
                    "mutable struct Body; at::Point; name::String; end");
    jlt_value *point_type = jlt_global(frame, "Main.Point");
    jlt_value *body_type = jlt_global(frame, "Main.Body");

    /* a struct of plain bits is copied as a whole, as C has it; any struct is made by calling its type */
    jlt_value *point = jlt_box_bits(frame, point_type, from, sizeof(*from));
    jlt_value *body = jlt_call(frame, body_type, point, jlt_box_string(frame, "moon"));

    double x = jlt_unbox_f64(frame, jlt_field_path(frame, body, "at.x"));
    jlt_value *moved = jlt_call(frame, point_type, jlt_box_f64(frame, x + 1), jlt_field_at(frame, point, 2));
    jlt_field_set(frame, body, "at", moved);
    jlt_unbox_bits(frame, jlt_field_get(frame, body, "at"), point_type, to, sizeof(*to));
}

static void dict_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_value *ages = jlt_eval(frame, "Dict{String,Int64}()");
    jlt_index_set(frame, ages, jlt_box_i64(frame, 36), jlt_box_string(frame, "Ada"));
    jlt_index_set(frame, ages, jlt_box_i64(frame, 85), jlt_box_string(frame, "Grace"));

    jlt_value *ada = jlt_box_string(frame, "Ada");
    if (jlt_has_key(frame, ages, ada) && jlt_length(frame, ages) == 2)
        *(int64_t *)output = jlt_unbox_i64(frame, jlt_index(frame, ages, ada));
}

static const jlt_task_type boxes_type = {.name = "boxes", .run = boxes_run};
static const jlt_task_type fields_type = {
    .name = "fields",
    .input_size = sizeof(struct point),
    .output_size = sizeof(struct point),
    .run = fields_run,
};
static const jlt_task_type dict_type = {.name = "dict", .output_size = sizeof(int64_t), .run = dict_run};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread) == JLT_OK);

    EXPECT(jlt_task_invoke(runtime, &boxes_type, NULL, NULL) == JLT_OK);

    struct point from = {1, 2}, to;
    EXPECT(jlt_task_invoke(runtime, &fields_type, &from, &to) == JLT_OK);
    EXPECT(to.x == 2 && to.y == 2);

    int64_t age = 0;
    EXPECT(jlt_task_invoke(runtime, &dict_type, NULL, &age) == JLT_OK);
    EXPECT(age == 36);

    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
