/* SPDX-License-Identifier: MIT
 *
 * Equality, hashes, tests of types, and values as text. */
#include "julia/fixture.h"

/* ---- equality ---- */

struct pair {
    const char *left, *right;
    bool equal, isequal, identical;
};

static const struct pair pairs[] = {
    {"1", "1", true, true, true},
    {"1", "1.0", true, true, false},
    {"1", "2", false, false, false},
    {"1", "\"1\"", false, false, false},
    {"0.0", "-0.0", true, false, false},
    {"NaN", "NaN", false, true, true},
    {"\"abc\"", "\"abc\"", true, true, true},
    {"[1, 2]", "[1, 2]", true, true, false},
    {"[NaN]", "[NaN]", false, true, false},
    {":a", ":a", true, true, true},
    {"Int64", "Int64", true, true, true},
    {"nothing", "nothing", true, true, true},
    {"(1, 2)", "(1, 2)", true, true, true},
    {"Dict(1 => 2)", "Dict(1 => 2)", true, true, false},
};

static void equalities(jlt_frame *frame)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct pair *pair = &pairs[i];
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_value *left = jlt_eval(scope, pair->left), *right = jlt_eval(scope, pair->right);
        bool right_answers =
            jlt_equal(scope, left, right) == pair->equal && jlt_isequal(scope, left, right) == pair->isequal &&
            jlt_identical(scope, left, right) == pair->identical && jlt_identical(scope, left, left) && jlt_ok(scope);
        bool same_hash = jlt_hash(scope, left) == jlt_hash(scope, right);
        jlt_scope_close(scope);
        if (!right_answers || (pair->isequal && !same_hash)) {
            jlt_fail(frame, "%s and %s", pair->left, pair->right);
            return;
        }
    }
}

static void hashes(jlt_frame *frame)
{
    jlt_value *hash = jlt_eval(frame, "x -> hash(x)"), *text = jlt_box_string(frame, "some text");
    EXPECT(jlt_hash(frame, text) == jlt_unbox_u64(frame, jlt_call(frame, hash, text)));
    EXPECT(jlt_hash(frame, text) != jlt_hash(frame, jlt_box_string(frame, "other text")));
}

static void answers_that_are_no_bool(jlt_frame *frame)
{
    jlt_value *missing = jlt_box_missing(frame), *one = jlt_box_i64(frame, 1);
    EXPECT(!jlt_equal(frame, missing, one));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_equal: == of a Missing and a Int64 is a Missing, not a Bool");
    EXPECT(!jlt_equal(frame, jlt_eval(frame, "[1, missing]"), jlt_eval(frame, "[1, 2]")));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "is a Missing, not a Bool");
    EXPECT(jlt_isequal(frame, missing, missing) && !jlt_isequal(frame, missing, one));
    jlt_eval(frame, "struct Odd end; Base.:(==)(::Odd, ::Odd) = throw(DomainError(1, \"odd\"));"
                    "Base.isequal(::Odd, ::Odd) = 1; Base.hash(::Odd, ::UInt) = error(\"no hash\")");
    jlt_value *odd = jlt_eval(frame, "Odd()");
    EXPECT(!jlt_equal(frame, odd, odd));
    EXPECT_FAILED(JLT_EXCEPTION, "odd");
    EXPECT(!jlt_isequal(frame, odd, odd));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_isequal: isequal of a Odd and a Odd is a Int64, not a Bool");
    EXPECT(!jlt_hash(frame, odd));
    EXPECT_FAILED(JLT_EXCEPTION, "no hash");
    EXPECT(jlt_identical(frame, odd, odd));
}

#define EXPECT_NULL_REFUSED(function)                                                                                  \
    EXPECT(!function(frame, NULL, one));                                                                               \
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, #function ": left is NULL");                                                   \
    EXPECT(!function(frame, one, NULL));                                                                               \
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, #function ": right is NULL")

static void comparing_null(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1);
    EXPECT_NULL_REFUSED(jlt_equal);
    EXPECT_NULL_REFUSED(jlt_isequal);
    EXPECT_NULL_REFUSED(jlt_identical);
    EXPECT(!jlt_hash(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_hash: value is NULL");
}

static void test_equality(void **unused)
{
    (void)unused;
    in_body(equalities);
    in_body(hashes);
    in_body(answers_that_are_no_bool);
    in_body(comparing_null);
}

/* ---- nothing, missing and Unions ---- */

static void missing_and_unions(jlt_frame *frame)
{
    jlt_value *missing = jlt_box_missing(frame), *nothing = jlt_box_nothing(frame), *one = jlt_box_i64(frame, 1);
    EXPECT(missing == jlt_eval(frame, "missing"));
    EXPECT(jlt_is_missing(frame, missing) && !jlt_is_nothing(frame, missing));
    EXPECT(!jlt_is_missing(frame, nothing) && !jlt_is_missing(frame, one));
    EXPECT(jlt_is_missing(frame, jlt_index_at(frame, jlt_eval(frame, "[1, missing]"), 2)));
    jlt_value *optional = jlt_eval(frame, "Union{Nothing,Missing,Int64}");
    EXPECT(jlt_isa(frame, missing, optional) && jlt_isa(frame, nothing, optional) && jlt_isa(frame, one, optional));
    EXPECT(!jlt_isa(frame, jlt_box_f64(frame, 1), optional));
    EXPECT(jlt_isa(frame, jlt_eval(frame, "[1]"), jlt_eval(frame, "Vector{<:Union{Integer,Missing}}")));
    EXPECT(!jlt_isa(frame, jlt_eval(frame, "[1.5]"), jlt_eval(frame, "Vector{<:Union{Integer,Missing}}")));
    EXPECT(jlt_ok(frame));
    EXPECT(!jlt_is_missing(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_is_missing: value is NULL");
}

static void test_missing_and_unions(void **unused)
{
    (void)unused;
    in_body(missing_and_unions);
}

/* ---- text ---- */

static bool is_text(const char *text, size_t length, const char *wanted)
{
    return text && !strcmp(text, wanted) && length == strlen(wanted);
}

static void texts(jlt_frame *frame)
{
    static const struct {
        const char *code, *shown, *printed;
    } values[] = {
        {"\"a\\\"b\"", "\"a\\\"b\"", "a\"b"},
        {":speed", ":speed", "speed"},
        {"'x'", "'x'", "x"},
        {"1.5", "1.5", "1.5"},
        {"[1, 2]", "[1, 2]", "[1, 2]"},
        {"(1, \"a\")", "(1, \"a\")", "(1, \"a\")"},
        {"nothing", "nothing", "nothing"},
        {"0xff", "0xff", "255"},
        {"typeof(1)", "Int64", "Int64"},
        {"\"\"", "\"\"", ""},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        jlt_value *value = jlt_eval(frame, values[i].code);
        size_t shown = 99, printed = 99;
        const char *text = jlt_show(frame, value, &shown);
        EXPECT(is_text(text, shown, values[i].shown));
        text = jlt_print(frame, value, &printed);
        EXPECT(is_text(text, printed, values[i].printed));
    }
    EXPECT(!strcmp(jlt_print(frame, jlt_typeof(frame, jlt_box_f32(frame, 1)), NULL), "Float32"));
}

/* In full, with NULs, and good as long as the frame is. */
static void texts_that_are_kept(jlt_frame *frame)
{
    size_t length;
    const char *text = jlt_show(frame, jlt_eval(frame, "collect(1:1000)"), &length);
    const char *nuls = jlt_print(frame, jlt_eval(frame, "\"a\\0b\""), &length);
    jlt_eval(frame, "GC.gc(); [string(i) for i in 1:10000]; GC.gc()");
    EXPECT(strstr(text, "499, 500, 501") && strstr(text, "999, 1000]"));
    EXPECT(length == 3 && !memcmp(nuls, "a\0b", 4));
}

static void texts_that_fail(jlt_frame *frame)
{
    size_t length = 99;
    jlt_eval(frame, "struct Shy end; Base.show(::IO, ::Shy) = error(\"not shown\")");
    jlt_value *shy = jlt_eval(frame, "Shy()");
    EXPECT(!jlt_show(frame, shy, &length));
    EXPECT_FAILED(JLT_EXCEPTION, "not shown");
    EXPECT(!jlt_print(frame, shy, &length));
    EXPECT_FAILED(JLT_EXCEPTION, "not shown");
    EXPECT(!jlt_show(frame, NULL, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_show: value is NULL");
    EXPECT(!jlt_print(frame, NULL, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_print: value is NULL");
    EXPECT(length == 99);
}

static void test_text(void **unused)
{
    (void)unused;
    in_body(texts);
    in_body(texts_that_are_kept);
    in_body(texts_that_fail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equality),
        cmocka_unit_test(test_missing_and_unions),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
