# SPDX-License-Identifier: MIT
#
# Julia's collector, and weak references (collector.c).

# The members of jlt_gc_counts, in this order.
function count_collections(numbers::Ptr{UInt64}, failed::Failed)
    try
        counted = Base.gc_num()
        unsafe_store!(numbers, counted.pause % UInt64, 1)
        unsafe_store!(numbers, counted.full_sweep % UInt64, 2)
        unsafe_store!(numbers, counted.total_time % UInt64, 3)
        unsafe_store!(numbers, Base.gc_live_bytes() % UInt64, 4)
        unsafe_store!(numbers, Base.gc_total_bytes(counted) % UInt64, 5)
        return nothing
    catch
        return failure(failed)
    end
end

function new_weak(@nospecialize(value), failed::Failed)
    try
        return WeakRef(value)
    catch # there is no memory
        return failure(failed)
    end
end

weak_value(@nospecialize(weak), failed::Failed) = weak isa WeakRef ? weak.value :
    failure(failed, STATUS_TYPE_MISMATCH, "jlt_weak_get: expected WeakRef, got $(typeof(weak))")
