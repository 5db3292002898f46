/* SPDX-License-Identifier: MIT
 *
 * Tuples, named tuples and structs: made, and their fields read and written. */
#include "julia/fixture.h"

static bool is_julia(jlt_frame *frame, jlt_value *value, const char *code)
{
    return jlt_identical(frame, value, jlt_eval(frame, code));
}

/* ---- tuples ---- */

static void tuples(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1), *text = jlt_box_string(frame, "two"), *three = jlt_box_f32(frame, 3);
    EXPECT(is_julia(frame, jlt_tuple(frame, one), "(1,)"));
    EXPECT(is_julia(frame, jlt_tuple(frame, one, three), "(1, 3f0)"));
    jlt_value *tuple = jlt_tuple(frame, one, text, three);
    EXPECT(jlt_equal(frame, tuple, jlt_eval(frame, "(1, \"two\", 3f0)")));
    EXPECT(is_julia(frame, jlt_typeof(frame, tuple), "Tuple{Int64,String,Float32}"));
    EXPECT(jlt_length(frame, tuple) == 3 && jlt_field_count(frame, tuple) == 3);
    EXPECT(jlt_field_at(frame, tuple, 2) == text);
    EXPECT(!strcmp(jlt_field_name(frame, tuple, 3), "3"));
    EXPECT(is_julia(frame, jlt_tuple_n(frame, NULL, 0), "()"));
    EXPECT(is_julia(frame, jlt_tuple_n(frame, (jlt_value *[]){one, one}, 2), "(1, 1)"));
    EXPECT(is_julia(frame, jlt_tuple(frame, jlt_box_nothing(frame), jlt_tuple(frame, one)), "(nothing, (1,))"));
}

static void long_tuples(jlt_frame *frame)
{
    enum { count = 100 };
    jlt_value *values[count];
    for (int i = 0; i < count; i++)
        values[i] = jlt_box_i64(frame, i + 1);
    EXPECT(is_julia(frame, jlt_tuple_n(frame, values, count), "Tuple(1:100)"));
}

static void refused_tuples(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1);
    EXPECT(!jlt_tuple(frame, one, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_tuple: value 2 is NULL");
    EXPECT(!jlt_tuple_n(frame, (jlt_value *[]){NULL}, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_tuple_n: value 1 is NULL");
    EXPECT(!jlt_tuple_n(frame, NULL, 2));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_tuple_n: the list of 2 values is NULL");
    EXPECT(!jlt_tuple_n(frame, &one, SIZE_MAX));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_tuple_n: ");
    EXPECT(!jlt_tuple_list(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_tuple: list is NULL");
}

static void named_tuples(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1), *text = jlt_box_string(frame, "two");
    EXPECT(is_julia(frame, jlt_named_tuple(frame, {"a", one}), "(a = 1,)"));
    jlt_value *tuple = jlt_named_tuple(frame, {"b", text}, {"größe", one}, {"a b", one});
    EXPECT(jlt_equal(frame, tuple, jlt_eval(frame, "NamedTuple{(:b, :größe, Symbol(\"a b\"))}((\"two\", 1, 1))")));
    EXPECT(jlt_field_get(frame, tuple, "b") == text);
    EXPECT(jlt_unbox_i64(frame, jlt_field_get(frame, tuple, "a b")) == 1);
    EXPECT(jlt_unbox_i64(frame, jlt_field_at(frame, tuple, 2)) == 1);
    EXPECT(!strcmp(jlt_field_name(frame, tuple, 2), "größe"));
    EXPECT(is_julia(frame, jlt_named_tuple_n(frame, NULL, 0), "NamedTuple()"));
    char name[] = "gone";
    jlt_value *copied = jlt_named_tuple_n(frame, (jlt_field[]){{name, one}}, 1);
    memset(name, 'x', 4);
    EXPECT(is_julia(frame, copied, "(gone = 1,)"));
}

static void refused_named_tuples(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1);
    EXPECT(!jlt_named_tuple(frame, {"a", one}, {"b", one}, {"a", one}));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_named_tuple: two fields are named a");
    EXPECT(!jlt_named_tuple(frame, {"a", one}, {NULL, one}));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_named_tuple: the name of field 2 is NULL");
    EXPECT(!jlt_named_tuple(frame, {"a", NULL}));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_named_tuple: the value of field 1 is NULL");
    EXPECT(!jlt_named_tuple_n(frame, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_named_tuple_n: fields is NULL");
    EXPECT(!jlt_named_tuple_list(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_named_tuple: list is NULL");
}

static void test_tuples(void **unused)
{
    (void)unused;
    in_body(tuples);
    in_body(long_tuples);
    in_body(refused_tuples);
    in_body(named_tuples);
    in_body(refused_named_tuples);
}

/* ---- structs ---- */

static const char types[] = "struct Point\n"
                            "    x::Float64\n"
                            "    y::Float64\n"
                            "end\n"
                            "mutable struct Account\n"
                            "    owner::String\n"
                            "    cents::Int64\n"
                            "    notes::Any\n"
                            "    Account(owner, cents) = new(owner, cents)\n"
                            "end\n"
                            "struct Box{T}\n"
                            "    content::T\n"
                            "end\n"
                            "mutable struct Celsius\n"
                            "    kelvin::Float64\n"
                            "end\n"
                            "Base.propertynames(::Celsius) = (:degrees,)\n"
                            "function Base.getproperty(c::Celsius, name::Symbol)\n"
                            "    name === :degrees && return getfield(c, :kelvin) - 273\n"
                            "    name === :secret && return 42\n"
                            "    name === :broken && throw(DomainError(name, \"is broken\"))\n"
                            "    name === :missing_too && error(\"no such thing\")\n"
                            "    return getfield(c, name)\n"
                            "end\n"
                            "function Base.setproperty!(c::Celsius, name::Symbol, value)\n"
                            "    name === :degrees && return setfield!(c, :kelvin, value + 273.0)\n"
                            "    return setfield!(c, name, value)\n"
                            "end\n"
                            "module Inner\n"
                            "    const answer = 42\n"
                            "end\n"
                            "nothing";

static void define_types(jlt_frame *frame)
{
    EXPECT(jlt_eval(frame, types));
}

static void structs(jlt_frame *frame)
{
    jlt_value *type = jlt_global(frame, "Main.Point");
    jlt_value *point = jlt_call(frame, type, jlt_box_f64(frame, 1.5), jlt_box_i64(frame, 2)); /* converts */
    EXPECT(is_julia(frame, point, "Point(1.5, 2.0)"));
    EXPECT(jlt_isa(frame, point, type) && jlt_field_count(frame, point) == 2);
    EXPECT(jlt_unbox_f64(frame, jlt_field_get(frame, point, "x")) == 1.5);
    EXPECT(jlt_unbox_f64(frame, jlt_field_get(frame, point, "y")) == 2);
    EXPECT(jlt_unbox_f64(frame, jlt_field_at(frame, point, 1)) == 1.5);
    EXPECT(jlt_unbox_f64(frame, jlt_field_at(frame, point, 2)) == 2);
    EXPECT(!strcmp(jlt_field_name(frame, point, 1), "x") && !strcmp(jlt_field_name(frame, point, 2), "y"));
    EXPECT(jlt_has_field(frame, point, "y") && !jlt_has_field(frame, point, "z"));
    EXPECT(!jlt_call(frame, type, jlt_box_f64(frame, 1.5)));
    EXPECT_FAILED(JLT_EXCEPTION, "no method matching");
    EXPECT(!jlt_field_count(frame, jlt_box_i64(frame, 1)));
}

static void parametric_structs(jlt_frame *frame)
{
    jlt_value *generic = jlt_global(frame, "Main.Box"), *one = jlt_box_i64(frame, 1);
    EXPECT(is_julia(frame, jlt_call(frame, generic, one), "Box{Int64}(1)"));
    jlt_value *concrete = jlt_eval(frame, "Box{Float32}");
    EXPECT(is_julia(frame, jlt_call(frame, concrete, one), "Box{Float32}(1)"));
    EXPECT(jlt_isa(frame, jlt_call(frame, concrete, one), generic));
    jlt_value *apply = jlt_global(frame, "Core.apply_type");
    jlt_value *applied = jlt_call(frame, apply, generic, jlt_global(frame, "Base.UInt8"));
    EXPECT(is_julia(frame, jlt_call(frame, applied, one), "Box{UInt8}(1)"));
    EXPECT(!jlt_call(frame, concrete, jlt_box_string(frame, "x")));
    EXPECT_FAILED(JLT_EXCEPTION, "convert");
}

static void mutable_structs(jlt_frame *frame)
{
    jlt_value *type = jlt_global(frame, "Main.Account");
    jlt_value *account = jlt_call(frame, type, jlt_box_string(frame, "Ada"), jlt_box_i64(frame, 100));
    EXPECT(jlt_field_set(frame, account, "cents", jlt_box_i64(frame, 250)));
    EXPECT(jlt_unbox_i64(frame, jlt_field_get(frame, account, "cents")) == 250);
    EXPECT(jlt_field_set(frame, account, "cents", jlt_box_f64(frame, 7.0))); /* converted */
    EXPECT(jlt_unbox_i64(frame, jlt_field_at(frame, account, 2)) == 7);
    EXPECT(jlt_field_set_at(frame, account, 2, jlt_box_u8(frame, 9))); /* converted, too */
    EXPECT(jlt_unbox_i64(frame, jlt_field_get(frame, account, "cents")) == 9);
    EXPECT(jlt_field_set_at(frame, account, 1, jlt_box_string(frame, "Eva")));
    EXPECT(!strcmp(jlt_unbox_string(frame, jlt_field_at(frame, account, 1), NULL), "Eva"));
    EXPECT(!jlt_field_get(frame, account, "notes"));
    EXPECT_FAILED(JLT_EXCEPTION, "undefined reference");
    EXPECT(!jlt_field_at(frame, account, 3));
    EXPECT_FAILED(JLT_EXCEPTION, "undefined reference");
    EXPECT(jlt_has_field(frame, account, "notes"));
    EXPECT(jlt_field_set(frame, account, "notes", jlt_eval(frame, "[1]")));
    EXPECT(jlt_equal(frame, jlt_field_get(frame, account, "notes"), jlt_eval(frame, "[1]")));
    EXPECT(!jlt_field_set(frame, account, "cents", jlt_box_string(frame, "many")));
    EXPECT_FAILED(JLT_EXCEPTION, "convert");
    EXPECT(!jlt_field_set(frame, account, "cents", jlt_box_f64(frame, 0.5)));
    EXPECT_FAILED(JLT_EXCEPTION, "InexactError");
    EXPECT(!jlt_field_set_at(frame, account, 2, jlt_box_f64(frame, 0.5)));
    EXPECT_FAILED(JLT_EXCEPTION, "InexactError");
    EXPECT(jlt_unbox_i64(frame, jlt_field_get(frame, account, "cents")) == 9);
}

static void fields_that_are_not_there(jlt_frame *frame)
{
    jlt_value *point = jlt_eval(frame, "Point(1, 2)"), *one = jlt_box_i64(frame, 1);
    jlt_value *account = jlt_eval(frame, "Account(\"Ada\", 1)");
    EXPECT(!jlt_field_get(frame, point, "z"));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_get: a Point has no field z");
    EXPECT(!jlt_field_get(frame, point, ""));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_get: a Point has no field ");
    EXPECT(!jlt_field_get(frame, one, "x"));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_get: a Int64 has no field x");
    EXPECT(!jlt_field_get(frame, jlt_tuple(frame, one), "x"));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_get: a Tuple{Int64} has no field x");
    EXPECT(!jlt_field_set(frame, account, "z", one));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_set: a Account has no field z");
    EXPECT(!jlt_field_set(frame, point, "z", one));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_set: a Point has no field z");
    EXPECT(!jlt_field_at(frame, point, 3));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_at: no field 3 in a Point, which has 2 fields");
    EXPECT(!jlt_field_at(frame, point, 0));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_at: no field 0 in a Point");
    EXPECT(!jlt_field_at(frame, point, SIZE_MAX));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_at: no field 18446744073709551615 in a Point");
    EXPECT(!jlt_field_at(frame, one, 1));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_at: no field 1 in a Int64, which has 0 fields");
    EXPECT(!jlt_field_set_at(frame, account, 4, one));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_set_at: no field 4 in a Account, which has 3 fields");
    EXPECT(!jlt_field_name(frame, jlt_tuple(frame, one), 2));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_name: no field 2 in a Tuple{Int64}, which has 1 field");
}

static void paths_of_fields(jlt_frame *frame)
{
    jlt_value *outer = jlt_eval(frame, "(a = Box((point = Point(1, 2),)), inner = Inner, celsius = Celsius(280))");
    EXPECT(is_julia(frame, jlt_field_path(frame, outer, "a.content.point"), "Point(1, 2)"));
    jlt_value *account = jlt_eval(frame, "whose = Account(\"Ada\", 1)\nwhose.notes = (größe = [3],)\nBox(whose)");
    EXPECT(jlt_unbox_i64(frame, jlt_field_path(frame, account, "content.cents")) == 1);
    EXPECT(jlt_field_path(frame, account, "content") == jlt_global(frame, "Main.whose"));
    EXPECT(jlt_field_path(frame, account, "content.notes.größe") == jlt_eval(frame, "whose.notes.größe"));
    EXPECT(jlt_unbox_i64(frame, jlt_field_path(frame, outer, "inner.answer")) == 42);
    EXPECT(jlt_unbox_f64(frame, jlt_field_path(frame, outer, "celsius.degrees")) == 7);
    EXPECT(!jlt_field_path(frame, account, "content.nowhere.cents"));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_path: a Account has no field nowhere");
    EXPECT(!jlt_field_path(frame, account, "content.cents.more"));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_path: a Int64 has no field more");
    EXPECT(!jlt_field_path(frame, outer, "inner.question.x"));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_path: module Main.Inner has no member question");
    EXPECT(!jlt_field_path(frame, outer, "celsius.broken.x"));
    EXPECT_FAILED(JLT_EXCEPTION, "is broken");
    EXPECT(!jlt_field_path(frame, jlt_eval(frame, "Account(\"Ada\", 1)"), "notes.x"));
    EXPECT_FAILED(JLT_EXCEPTION, "undefined reference");
    static const char *const empty[] = {"", ".", "content.", ".content", "content..cents"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        EXPECT(!jlt_field_path(frame, account, empty[i]));
        EXPECT_FAILED(JLT_INVALID_ARGUMENT, "has a name that is empty");
    }
    EXPECT(!jlt_field_path(frame, account, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_path: path is NULL");
    EXPECT(!jlt_field_path(frame, NULL, "a"));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_path: value is NULL");
}

static void immutable_structs(jlt_frame *frame)
{
    jlt_value *point = jlt_eval(frame, "Point(1, 2)"), *one = jlt_box_f64(frame, 1);
    EXPECT(!jlt_field_set(frame, point, "y", one));
    EXPECT_FAILED(JLT_EXCEPTION, "immutable");
    EXPECT(!jlt_field_set_at(frame, point, 2, one));
    EXPECT_FAILED(JLT_EXCEPTION, "immutable");
    EXPECT(!jlt_field_set_at(frame, jlt_tuple(frame, one), 1, one));
    EXPECT_FAILED(JLT_EXCEPTION, "immutable");
    EXPECT(is_julia(frame, point, "Point(1, 2)"));
}

static void properties(jlt_frame *frame)
{
    jlt_value *celsius = jlt_eval(frame, "Celsius(300.0)");
    EXPECT(jlt_unbox_f64(frame, jlt_field_get(frame, celsius, "degrees")) == 27);
    EXPECT(jlt_field_set(frame, celsius, "degrees", jlt_box_i64(frame, 7)));
    EXPECT(jlt_unbox_f64(frame, jlt_field_get(frame, celsius, "kelvin")) == 280);
    EXPECT(jlt_unbox_f64(frame, jlt_field_at(frame, celsius, 1)) == 280);
    EXPECT(jlt_unbox_i64(frame, jlt_field_get(frame, celsius, "secret")) == 42); /* propertynames does not tell */
    EXPECT(jlt_has_field(frame, celsius, "degrees") && !jlt_has_field(frame, celsius, "secret"));
    EXPECT(!jlt_field_get(frame, celsius, "broken"));
    EXPECT_FAILED(JLT_EXCEPTION, "is broken");
    EXPECT(!jlt_field_get(frame, celsius, "missing_too"));
    EXPECT_FAILED(JLT_NOT_FOUND, "a Celsius has no field missing_too");
    EXPECT(!jlt_field_set(frame, celsius, "nowhere", celsius));
    EXPECT_FAILED(JLT_NOT_FOUND, "a Celsius has no field nowhere");
}

static void modules(jlt_frame *frame)
{
    jlt_value *module = jlt_global(frame, "Main.Inner");
    EXPECT(jlt_unbox_i64(frame, jlt_field_get(frame, module, "answer")) == 42);
    EXPECT(jlt_has_field(frame, module, "answer") && !jlt_has_field(frame, module, "question"));
    EXPECT(!jlt_field_get(frame, module, "question"));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_field_get: module Main.Inner has no member question");
}

static void fields_that_are_null(jlt_frame *frame)
{
    jlt_value *point = jlt_eval(frame, "Point(1, 2)");
    EXPECT(!jlt_field_get(frame, NULL, "x"));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_get: value is NULL");
    EXPECT(!jlt_field_get(frame, point, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_get: name is NULL");
    EXPECT(!jlt_field_set(frame, NULL, "x", point));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_set: value is NULL");
    EXPECT(!jlt_field_set(frame, point, NULL, point));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_set: name is NULL");
    EXPECT(!jlt_field_set(frame, point, "x", NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_set: field is NULL");
    EXPECT(!jlt_has_field(frame, NULL, "x"));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_has_field: value is NULL");
    EXPECT(!jlt_has_field(frame, point, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_has_field: name is NULL");
    EXPECT(!jlt_field_count(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_count: value is NULL");
    EXPECT(!jlt_field_at(frame, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_at: value is NULL");
    EXPECT(!jlt_field_set_at(frame, NULL, 1, point));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_set_at: value is NULL");
    EXPECT(!jlt_field_set_at(frame, point, 1, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_set_at: field is NULL");
    EXPECT(!jlt_field_name(frame, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_field_name: value is NULL");
}

/* A field keeps what is stored in it alive, old objects and new values. */
static void fields_keep_values(jlt_frame *frame)
{
    jlt_value *account = jlt_eval(frame, "Account(\"Ada\", 1)");
    jlt_eval(frame, "GC.gc()");
    jlt_frame *scope = jlt_scope_open(frame);
    EXPECT(jlt_field_set(scope, account, "notes", jlt_box_string(scope, "kept by the account")));
    jlt_scope_close(scope);
    jlt_eval(frame, "GC.gc(false); GC.gc()");
    EXPECT(!strcmp(jlt_unbox_string(frame, jlt_field_get(frame, account, "notes"), NULL), "kept by the account"));
}

static void test_structs(void **unused)
{
    (void)unused;
    in_body(define_types);
    in_body(structs);
    in_body(parametric_structs);
    in_body(mutable_structs);
    in_body(fields_that_are_not_there);
    in_body(paths_of_fields);
    in_body(immutable_structs);
    in_body(properties);
    in_body(modules);
    in_body(fields_that_are_null);
    in_body(fields_keep_values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tuples),
        cmocka_unit_test(test_structs),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
