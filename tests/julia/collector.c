/* SPDX-License-Identifier: MIT
 *
 * The collector, asked and switched, and weak references. */
#include "julia/fixture.h"

#include <stdatomic.h>

/* ---- the collector ---- */

static atomic_int released;

static void count_release(void *data)
{
    (void)data;
    atomic_fetch_add(&released, 1);
}

/* Something that is garbage when this returns. */
static void make_garbage(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_opaque(scope, "garbage", &released, count_release);
    jlt_scope_close(scope);
}

static jlt_gc_counts counts_of(jlt_frame *frame)
{
    jlt_gc_counts counts = {0};
    jlt_gc_stats(frame, &counts);
    return counts;
}

static void collects(jlt_frame *frame)
{
    int before = atomic_load(&released);
    make_garbage(frame);
    for (int i = 0; i < 10 && atomic_load(&released) == before; i++) {
        EXPECT(jlt_gc_collect(frame, true));
        jlt_eval(frame, "yield()"); /* finalizers may have a task of their own */
    }
    EXPECT(atomic_load(&released) == before + 1);
    jlt_gc_counts first = counts_of(frame);
    for (int i = 0; i < 3; i++) /* the first may mark only (1.5) */
        EXPECT(jlt_gc_collect(frame, true));
    jlt_gc_counts second = counts_of(frame);
    EXPECT(second.collections >= first.collections + 3 && second.full_collections > first.full_collections);
    EXPECT(second.pause_ns > first.pause_ns && second.full_collections <= second.collections);
    EXPECT(jlt_gc_collect(frame, false));
    EXPECT(counts_of(frame).collections > second.collections);
}

/* What a body roots is untouched by either. */
static void keeps_what_is_rooted(jlt_frame *frame)
{
    jlt_value *list = jlt_eval(frame, "[[i] for i in 1:1000]");
    for (int i = 0; i < 4; i++)
        EXPECT(jlt_gc_collect(frame, i % 2));
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, jlt_eval(frame, "list -> sum(first, list)"), list)) == 500500);
}

static void switches(jlt_frame *frame)
{
    jlt_eval(frame, "allocate() = (x = [Vector{Int}(undef, 10^5) for _ in 1:200]; length(x))");
    jlt_eval(frame, "allocate()");
    EXPECT(jlt_gc_enable(frame, false));
    jlt_gc_counts before = counts_of(frame);
    bool off = !jlt_gc_enable(frame, false);
    jlt_eval(frame, "allocate()"); /* 160 MB */
    bool collected = jlt_gc_collect(frame, true);
    jlt_gc_counts after = counts_of(frame);
    bool still_off = !jlt_gc_enable(frame, true);
    EXPECT(off && collected && still_off);
    EXPECT(after.collections == before.collections && after.pause_ns == before.pause_ns);
    EXPECT(after.allocated_bytes - before.allocated_bytes > 150000000);
    EXPECT(jlt_gc_enable(frame, true));
    EXPECT(jlt_gc_collect(frame, true));
    EXPECT(counts_of(frame).collections > after.collections);
}

static void counts(jlt_frame *frame)
{
    jlt_gc_counts found = {0};
    EXPECT(jlt_gc_stats(frame, &found));
    EXPECT(found.collections && found.full_collections && found.pause_ns && found.live_bytes);
    EXPECT(found.allocated_bytes >= found.live_bytes / 2);
    jlt_eval(frame, "kept_array = zeros(UInt8, 64 << 20); GC.gc()");
    jlt_gc_counts more = counts_of(frame);
    EXPECT(more.allocated_bytes - found.allocated_bytes >= 64 << 20);
    EXPECT(more.live_bytes >= 64 << 20);
    jlt_eval(frame, "kept_array = nothing; GC.gc()");
    /* other versions of the struct */
    struct {
        jlt_gc_counts counts;
        uint64_t further;
    } newer = {.further = 1};
    EXPECT(jlt_gc_stats_sized(frame, &newer.counts, sizeof newer) && newer.counts.collections && !newer.further);
    jlt_gc_counts older = {.full_collections = 77};
    EXPECT(jlt_gc_stats_sized(frame, &older, sizeof older.collections));
    EXPECT(older.collections && older.full_collections == 77);
    EXPECT(!jlt_gc_stats(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_gc_stats: counts is NULL");
}

static void refused_by_failed_frames(jlt_frame *frame)
{
    jlt_gc_counts before = counts_of(frame), untouched = {.collections = 77};
    jlt_fail(frame, "first");
    bool any = jlt_gc_collect(frame, true) || jlt_gc_enable(frame, false) || jlt_gc_stats(frame, &untouched);
    EXPECT_FAILED(JLT_FAILED, "first");
    EXPECT(!any && untouched.collections == 77 && jlt_gc_enable(frame, true));
    EXPECT(test_is_stress() || counts_of(frame).collections - before.collections < 5);
}

static void test_the_collector(void **unused)
{
    (void)unused;
    in_body(collects);
    in_body(keeps_what_is_rooted);
    in_body(switches);
    in_body(counts);
    in_body(refused_by_failed_frames);
}

/* ---- weak references ---- */

/* What weak refers to is collected, sooner or later. */
static bool is_collected(jlt_frame *frame, jlt_value *weak)
{
    bool gone = false;
    for (int i = 0; i < 10 && !gone; i++) {
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_gc_collect(scope, true);
        gone = jlt_is_nothing(scope, jlt_weak_get(scope, weak));
        jlt_scope_close(scope);
    }
    return gone && jlt_ok(frame);
}

static void weak_references(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *list = jlt_eval(scope, "[1, 2, 3]"), *weak = jlt_weak_new(frame, list);
    EXPECT(jlt_isa(frame, weak, jlt_global(frame, "Core.WeakRef")));
    for (int i = 0; i < 3; i++) {
        EXPECT(jlt_gc_collect(frame, true));
        EXPECT(jlt_weak_get(scope, weak) == list);
    }
    jlt_scope_close(scope);
    EXPECT(is_collected(frame, weak));
    EXPECT(is_collected(frame, weak)); /* and it stays so */
}

/* get keeps it alive as long as its frame. */
static void getting_roots(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *weak = jlt_weak_new(frame, jlt_eval(scope, "[4, 5]"));
    jlt_value *list = jlt_weak_get(frame, weak);
    jlt_scope_close(scope);
    for (int i = 0; i < 3; i++)
        jlt_gc_collect(frame, true);
    EXPECT(jlt_equal(frame, list, jlt_eval(frame, "[4, 5]")));
    EXPECT(jlt_weak_get(frame, weak) == list);
}

/* A cache that keeps nothing alive, between messages. */
static void make_cache(jlt_frame *frame)
{
    EXPECT(jlt_set_global(frame, "Main.kept", jlt_eval(frame, "[6]")));
    EXPECT(jlt_set_global(frame, "Main.cache", jlt_weak_new(frame, jlt_global(frame, "Main.kept"))));
}

static void find_in_cache(jlt_frame *frame)
{
    EXPECT(jlt_gc_collect(frame, true));
    EXPECT(jlt_equal(frame, jlt_weak_get(frame, jlt_global(frame, "Main.cache")), jlt_eval(frame, "[6]")));
    EXPECT(jlt_set_global(frame, "Main.kept", jlt_box_nothing(frame)));
}

static void miss_in_cache(jlt_frame *frame)
{
    EXPECT(is_collected(frame, jlt_global(frame, "Main.cache")));
}

static void weak_references_of_julia(jlt_frame *frame)
{
    EXPECT(jlt_is_nothing(frame, jlt_weak_get(frame, jlt_eval(frame, "WeakRef()"))));
    jlt_value *list = jlt_eval(frame, "held_list = [7]"), *weak = jlt_eval(frame, "WeakRef(held_list)");
    EXPECT(jlt_weak_get(frame, weak) == list);
    EXPECT(!jlt_weak_get(frame, list));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_weak_get: expected WeakRef, got ");
    EXPECT(!jlt_weak_get(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_weak_get: weak is NULL");
    EXPECT(!jlt_weak_new(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_weak_new: value is NULL");
}

static void test_weak_references(void **unused)
{
    (void)unused;
    in_body(weak_references);
    in_body(getting_roots);
    in_body(make_cache);
    in_body(find_in_cache);
    in_body(miss_in_cache);
    in_body(weak_references_of_julia);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_collector),
        cmocka_unit_test(test_weak_references),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
