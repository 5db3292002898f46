/* SPDX-License-Identifier: MIT
 *
 * Task body: tuples, fields, collections, ranges, comparison, and values as text. */
#ifndef JLTASK_COLLECTIONS_H
#define JLTASK_COLLECTIONS_H

#include "calls.h"

JLT_BEGIN_DECLARATIONS

/* Positions that belong to Julia count from 1, as they do there: of fields here, of elements below. A NULL argument is
 * JLT_INVALID_ARGUMENT in all of them. A struct is made by calling its type: jlt_call(frame, type, field, ...). */

/* A new tuple of the values. The macro takes at least one. _n: values may be NULL if count is 0. */
#define jlt_tuple(frame, ...) jlt_tuple_list((frame), JLT_LIST(__VA_ARGS__))
JLT_API jlt_value *jlt_tuple_n(jlt_frame *frame, jlt_value *const *values, size_t count);

/* Beneath jlt_tuple: the values, ended by JLT_LIST_END. */
JLT_API jlt_value *jlt_tuple_list(jlt_frame *frame, jlt_value *const *list);

/* A value with a name. */
typedef struct jlt_field {
    const char *name;
    jlt_value *value;
} jlt_field;

/* A new named tuple: jlt_named_tuple(frame, {"a", x}, {"b", y}). Names are copied. A name that occurs twice is
 * JLT_INVALID_ARGUMENT. The macro takes at least one field. _n: fields may be NULL if count is 0. */
#ifdef __cplusplus
#define jlt_named_tuple(frame, ...)                                                                                    \
    jlt_named_tuple_list((frame), std::initializer_list<jlt_field>{__VA_ARGS__, {NULL, JLT_LIST_END}}.begin())
#else
#define jlt_named_tuple(frame, ...)                                                                                    \
    jlt_named_tuple_list((frame), (const jlt_field[]){__VA_ARGS__, {NULL, JLT_LIST_END}})
#endif
JLT_API jlt_value *jlt_named_tuple_n(jlt_frame *frame, const jlt_field *fields, size_t count);

/* Beneath jlt_named_tuple: the fields, ended by one whose value is JLT_LIST_END. */
JLT_API jlt_value *jlt_named_tuple_list(jlt_frame *frame, const jlt_field *list);

/* value.name as Julia's dot gives it (getproperty): fields, properties that a type defines, and members of modules.
 * JLT_NOT_FOUND, naming it and the type, if the value has none of that name. An exception of getproperty's is
 * JLT_EXCEPTION, also for a field that was never set (UndefRefError). */
JLT_API jlt_value *jlt_field_get(jlt_frame *frame, jlt_value *value, const char *name);

/* value.a.b.c for the path "a.b.c": each step as jlt_field_get, in one call, and only the last value is rooted.
 * JLT_NOT_FOUND names the step that is not there. JLT_INVALID_ARGUMENT for a name that is empty, as in "" or "a..b". */
JLT_API jlt_value *jlt_field_path(jlt_frame *frame, jlt_value *value, const char *path);

/* value.name = field as Julia does it (setproperty!), which converts the new value to the field's type. True if done.
 * JLT_NOT_FOUND as above; a struct that is immutable, or a value that cannot be converted, is Julia's exception. */
JLT_API bool jlt_field_set(jlt_frame *frame, jlt_value *value, const char *name, jlt_value *field);

/* Whether value.name is there: whether Julia's hasproperty, or isdefined for a module, says so. */
JLT_API bool jlt_has_field(jlt_frame *frame, jlt_value *value, const char *name);

/* How many fields a struct, tuple or named tuple has; 0 for numbers and strings. Properties are not counted. */
JLT_API size_t jlt_field_count(jlt_frame *frame, jlt_value *value);

/* The field at a position, from 1, of a struct, tuple or named tuple: the field itself (getfield, setfield!), whatever
 * properties its type defines. set converts the new value to the field's type; true if done. The name is good for ever;
 * a tuple's is its position ("1"). JLT_NOT_FOUND, with the type and the number of its fields, if there is none.
 * Otherwise as above. */
JLT_API jlt_value *jlt_field_at(jlt_frame *frame, jlt_value *value, size_t position);
JLT_API bool jlt_field_set_at(jlt_frame *frame, jlt_value *value, size_t position, jlt_value *field);
JLT_API const char *jlt_field_name(jlt_frame *frame, jlt_value *value, size_t position);

/* ---- collections and ranges */
/* Whatever Julia's functions throw is JLT_EXCEPTION: BoundsError, KeyError, MethodError for what is no collection. */

/* collection[index, ...] (getindex): of arrays, tuples, Dicts with their keys, and all that Julia can index. Indices
 * are values; an array's count from 1. Without any, collection[], as for a Ref. _n: indices may be NULL for a
 * count of 0. */
#define jlt_index(frame, ...) jlt_index_list((frame), JLT_LIST(__VA_ARGS__))
JLT_API jlt_value *jlt_index_n(jlt_frame *frame, jlt_value *collection, jlt_value *const *indices, size_t count);

/* collection[index, ...] = value (setindex!): jlt_index_set(frame, collection, value, index, ...). Converts the value
 * to the collection's element type, and adds a Dict's key that is new. True if done. */
#define jlt_index_set(frame, ...) jlt_index_set_list((frame), JLT_LIST(__VA_ARGS__))
JLT_API bool jlt_index_set_n(jlt_frame *frame, jlt_value *collection, jlt_value *value, jlt_value *const *indices,
                             size_t count);

/* Beneath jlt_index and jlt_index_set: the collection, for set the value, and the indices, ended by JLT_LIST_END. */
JLT_API jlt_value *jlt_index_list(jlt_frame *frame, jlt_value *const *list);
JLT_API bool jlt_index_set_list(jlt_frame *frame, jlt_value *const *list);

/* The same with one index, an Int64. */
JLT_API jlt_value *jlt_index_at(jlt_frame *frame, jlt_value *collection, int64_t index);
JLT_API bool jlt_index_set_at(jlt_frame *frame, jlt_value *collection, jlt_value *value, int64_t index);

/* Whether the collection has the key (haskey): a Dict's, or a named tuple's. Arrays have none: MethodError. */
JLT_API bool jlt_has_key(jlt_frame *frame, jlt_value *collection, jlt_value *key);

/* The number of elements (length): of a String that of its characters, not bytes. 0 on failure. */
JLT_API size_t jlt_length(jlt_frame *frame, jlt_value *collection);

/* first:step:last of Int64, with both ends; empty if last is on the other side. With step 1 it is a UnitRange, like
 * Julia's first:last, else a StepRange. Step 0 is JLT_INVALID_ARGUMENT. */
JLT_API jlt_value *jlt_range_i64(jlt_frame *frame, int64_t first, int64_t step, int64_t last);

/* `length` Float64 at equal distances from first to last, with both ends: Julia's range(first, stop=last, length).
 * A length of 1 with different ends is Julia's exception. */
JLT_API jlt_value *jlt_range_f64(jlt_frame *frame, double first, double last, size_t length);

/* ---- comparison and text */
/* equal: left == right, which may be true of different types; JLT_TYPE_MISMATCH where Julia's answer is not a Bool, as
 * for missing. isequal: as keys of a Dict are compared: NaN equals NaN, missing equals missing, 0.0 does not equal
 * -0.0. identical: left === right, the same object, or the same bits of one type. */
JLT_API bool jlt_equal(jlt_frame *frame, jlt_value *left, jlt_value *right);
JLT_API bool jlt_isequal(jlt_frame *frame, jlt_value *left, jlt_value *right);
JLT_API bool jlt_identical(jlt_frame *frame, jlt_value *left, jlt_value *right);

/* Julia's hash: the same for values that jlt_isequal finds equal, in this process. 0 on failure. */
JLT_API uint64_t jlt_hash(jlt_frame *frame, jlt_value *value);

/* A value as text, followed by a NUL: show as Julia code would write it (repr: "\"a\"", ":b", "[1, 2]"), in full; print
 * as print does (string: "a", "b"). jlt_print(frame, jlt_typeof(frame, x), NULL) names the type of x. The text is a
 * String that is rooted in the frame and good as long as that; *length (may be NULL) receives its bytes, since there
 * may be NULs in it. NULL on failure; what the value's own show throws is JLT_EXCEPTION. */
JLT_API const char *jlt_show(jlt_frame *frame, jlt_value *value, size_t *length);
JLT_API const char *jlt_print(jlt_frame *frame, jlt_value *value, size_t *length);

JLT_END_DECLARATIONS

#endif
