/* SPDX-License-Identifier: MIT
 *
 * Every symbol that jltask takes from libjulia, in one table, for Julia 1.5 to 1.13. Elsewhere only bootstrap.jl names
 * some (libuv's), bits.jl and tuple.jl what makes structs, global.jl what sets a global, and symbols.c the one that
 * tells the version.
 *
 *   X(result, symbol, member, parameters, presence)     julia.member is that symbol of libjulia's
 *
 * ALL: 1.5 to 1.13; a Julia without it is not usable. UNTIL(1, n), SINCE(1, n): optional, NULL where it is missing. */
#ifndef JLT_JULIA_SYMBOLS_H
#define JLT_JULIA_SYMBOLS_H

#include <jltask.h>

#define JULIA_SYMBOLS(X)                                                                                               \
    /* start and end */                                                                                                \
    X(const char *, jl_ver_string, ver_string, (void), ALL)                                                            \
    X(int, jl_is_initialized, is_initialized, (void), ALL)                                                             \
    X(void, jl_parse_opts, parse_opts, (int *, char ***), ALL)                                                         \
    X(void, jl_init_with_image__threading, init_with_image__threading, (const char *bindir, const char *image),        \
      UNTIL(1, 8))                                                                                                     \
    X(void, jl_init_with_image, init_with_image, (const char *bindir, const char *image), SINCE(1, 9))                 \
    X(void, jl_init_with_image_file, init_with_image_file, (const char *bindir, const char *image), SINCE(1, 12))      \
    X(void, jl_atexit_hook, atexit_hook, (int), ALL)                                                                   \
    /* to run bootstrap.jl */                                                                                          \
    X(jlt_value *, jl_call, call, (jlt_value * function, jlt_value * *arguments, int32_t count), ALL)                  \
    X(jlt_value *, jl_call0, call0, (jlt_value *), ALL)                                                                \
    X(jlt_value *, jl_call1, call1, (jlt_value *, jlt_value *), ALL)                                                   \
    X(jlt_value *, jl_call2, call2, (jlt_value *, jlt_value *, jlt_value *), ALL)                                      \
    X(int, jl_field_index, field_index, (jlt_value * type, jlt_value * name, int throws), ALL)                         \
    X(jlt_value *, jl_get_nth_field, get_nth_field, (jlt_value *, size_t position), ALL)                               \
    X(jlt_value *, jl_get_global, get_global, (jlt_value * module, jlt_value * name), ALL)                             \
    X(jlt_value *, jl_exception_occurred, exception_occurred, (void), ALL)                                             \
    X(const char *, jl_string_ptr, string_ptr, (jlt_value *), ALL)                                                     \
    X(const char *, jl_typeof_str, typeof_str, (jlt_value *), ALL)                                                     \
    X(int, jl_is_const, is_const, (jlt_value * module, jlt_value * name), ALL)                                         \
    /* collector */                                                                                                    \
    X(int, jl_gc_enable, gc_enable, (int), ALL) /* whether it was */                                                   \
    X(void, jl_gc_collect, gc_collect, (int), ALL)                                                                     \
    X(void, jl_gc_safepoint, gc_safepoint, (void), ALL)                                                                \
    X(void, jl_gc_set_cb_root_scanner, gc_set_cb_root_scanner, (void (*)(int), int), ALL)                              \
    X(void, jl_gc_set_cb_pre_gc, gc_set_cb_pre_gc, (void (*)(int), int), ALL)                                          \
    X(void, jl_gc_set_cb_post_gc, gc_set_cb_post_gc, (void (*)(int), int), ALL)                                        \
    X(uint64_t, jl_gc_total_hrtime, gc_total_hrtime, (void), ALL) /* ns of pauses; any thread, as the next */          \
    X(int64_t, jl_gc_live_bytes, gc_live_bytes, (void), ALL)                                                           \
    X(int, jl_gc_mark_queue_obj, gc_mark_queue_obj, (void *ptls, jlt_value *), ALL)                                    \
    X(void *, jl_get_ptls_states, get_ptls_states, (void), ALL)                                                        \
    X(int8_t, jl_gc_safe_enter, gc_safe_enter, (void), UNTIL(1, 8)) /* an inline function later */                     \
    X(jlt_value *, jl_alloc_vec_any, alloc_vec_any, (size_t), ALL)                                                     \
    /* threads */                                                                                                      \
    X(int16_t, jl_threadid, threadid, (void), ALL)                                                                     \
    X(int8_t, jl_threadpoolid, threadpoolid, (int16_t), SINCE(1, 9)) /* negative: in no pool */                        \
    X(void, jl_set_task_tid, set_task_tid, (jlt_value * task, int), ALL)                                               \
    X(void, jl_enter_threaded_region, enter_threaded_region, (void), ALL)                                              \
    X(void, jl_exit_threaded_region, exit_threaded_region, (void), ALL)                                                \
    X(void, jl_wakeup_thread, wakeup_thread, (int16_t), ALL)                                                           \
    X(void, jl_sigatomic_begin, sigatomic_begin, (void), ALL) /* puts InterruptException off on this thread */         \
    X(void, jl_sigatomic_end, sigatomic_end, (void), ALL)                                                              \
    X(jlt_value *, jl_get_current_task, get_current_task, (void), ALL)                                                 \
    X(void, jl_active_task_stack, active_task_stack,                                                                   \
      (jlt_value * task, char **active_start, char **active_end, char **start, char **end), SINCE(1, 6))               \
    X(void *, jl_task_stack_buffer, task_stack_buffer, (jlt_value * task, size_t * size, int *tid), UNTIL(1, 10))      \
    /* the event loop and its lock */                                                                                  \
    X(void *, jl_global_event_loop, global_event_loop, (void), ALL)                                                    \
    X(void, jl_iolock_begin, iolock_begin, (void), ALL)                                                                \
    X(void, jl_iolock_end, iolock_end, (void), ALL)                                                                    \
    /* scalars */                                                                                                      \
    X(int, jl_isa, isa, (jlt_value *, jlt_value *), ALL)                                                               \
    X(jlt_value *, jl_box_bool, box_bool, (int8_t), ALL)                                                               \
    X(jlt_value *, jl_box_int8, box_int8, (int8_t), ALL)                                                               \
    X(jlt_value *, jl_box_int16, box_int16, (int16_t), ALL)                                                            \
    X(jlt_value *, jl_box_int32, box_int32, (int32_t), ALL)                                                            \
    X(jlt_value *, jl_box_int64, box_int64, (int64_t), ALL)                                                            \
    X(jlt_value *, jl_box_uint8, box_uint8, (uint8_t), ALL)                                                            \
    X(jlt_value *, jl_box_uint16, box_uint16, (uint16_t), ALL)                                                         \
    X(jlt_value *, jl_box_uint32, box_uint32, (uint32_t), ALL)                                                         \
    X(jlt_value *, jl_box_uint64, box_uint64, (uint64_t), ALL)                                                         \
    X(jlt_value *, jl_box_float32, box_float32, (float), ALL)                                                          \
    X(jlt_value *, jl_box_float64, box_float64, (double), ALL)                                                         \
    X(jlt_value *, jl_box_char, box_char, (uint32_t), ALL)                                                             \
    X(jlt_value *, jl_box_voidpointer, box_voidpointer, (void *), ALL)                                                 \
    X(int8_t, jl_unbox_bool, unbox_bool, (jlt_value *), ALL)                                                           \
    X(int8_t, jl_unbox_int8, unbox_int8, (jlt_value *), ALL)                                                           \
    X(int16_t, jl_unbox_int16, unbox_int16, (jlt_value *), ALL)                                                        \
    X(int32_t, jl_unbox_int32, unbox_int32, (jlt_value *), ALL)                                                        \
    X(int64_t, jl_unbox_int64, unbox_int64, (jlt_value *), ALL)                                                        \
    X(uint8_t, jl_unbox_uint8, unbox_uint8, (jlt_value *), ALL)                                                        \
    X(uint16_t, jl_unbox_uint16, unbox_uint16, (jlt_value *), ALL)                                                     \
    X(uint32_t, jl_unbox_uint32, unbox_uint32, (jlt_value *), ALL)                                                     \
    X(uint64_t, jl_unbox_uint64, unbox_uint64, (jlt_value *), ALL)                                                     \
    X(float, jl_unbox_float32, unbox_float32, (jlt_value *), ALL)                                                      \
    X(double, jl_unbox_float64, unbox_float64, (jlt_value *), ALL)                                                     \
    X(void *, jl_unbox_voidpointer, unbox_voidpointer, (jlt_value *), ALL)                                             \
    /* values of any bits type: made from their bytes, and where those are */                                          \
    X(jlt_value *, jl_new_bits, new_bits, (jlt_value * type, const void *bytes), ALL)                                  \
    X(void *, jl_value_ptr, value_ptr, (jlt_value *), ALL)                                                             \
    X(jlt_value *, jl_pchar_to_string, pchar_to_string, (const char *, size_t), ALL)                                   \
    X(jlt_value *, jl_symbol, symbol, (const char *), ALL)

/* X(type, symbol, member, presence): its variables, of which `julia` has the addresses. */
#define JULIA_VARIABLES(X)                                                                                             \
    X(jlt_value *, jl_main_module, main_module, ALL)                                                                   \
    X(const int, jl_n_threads, n_threads, ALL)

struct julia_symbols {
#define JULIA_SYMBOL_MEMBER(result, symbol, member, parameters, presence) result(*member) parameters;
    JULIA_SYMBOLS(JULIA_SYMBOL_MEMBER)
#undef JULIA_SYMBOL_MEMBER
#define JULIA_VARIABLE_MEMBER(type, symbol, member, presence) type *member;
    JULIA_VARIABLES(JULIA_VARIABLE_MEMBER)
#undef JULIA_VARIABLE_MEMBER
};
extern struct julia_symbols julia;

/* Loads a libjulia and fills `julia`. JLT_NO_JULIA, reported: not loadable, too old, or what is missing. */
jlt_status julia_load(const char *path);

/* The n of the loaded Julia's version 1.n. */
int julia_minor(void);

#endif
