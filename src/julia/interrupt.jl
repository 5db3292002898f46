# SPDX-License-Identifier: MIT
#
# Ending a wait in Julia that a body is in (interrupt.c).
#
# A task that waits for a condition is in the condition's queue, from which only who holds the condition's lock should
# take it. That lock cannot be had from here. But what the event loop notifies, it notifies under its own lock, which
# can; so on several threads only those waits are ended, found by the loop's handles. On one thread nobody else is at
# work meanwhile.

const FOUND = Ref{Any}(nothing) # the queue that is looked for, then whether it was found; under the loop's lock

function waits_in(handle::Ptr{Cvoid}, ::Ptr{Cvoid})
    data = ccall(:jl_uv_handle_data, Ptr{Cvoid}, (Ptr{Cvoid},), handle)
    data == C_NULL && return nothing
    object = unsafe_pointer_to_objref(data)
    for i in 1:nfields(object)
        isdefined(object, i) || continue
        field = getfield(object, i)
        if field isa Base.GenericCondition && field.waitq === FOUND[]
            FOUND[] = true
            break
        end
    end
    return nothing
end

function is_the_loops(queue)
    FOUND[] = queue
    walk = @cfunction(waits_in, Cvoid, (Ptr{Cvoid}, Ptr{Cvoid}))
    ccall(:uv_walk, Cvoid, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), Base.eventloop(), walk, C_NULL)
    found = FOUND[] === true
    FOUND[] = nothing
    return found
end

const all_threads = isdefined(Threads, :maxthreadid) ? Threads.maxthreadid() : Threads.nthreads()
run_queue() = isdefined(Base, :workqueue_for) ? Base.workqueue_for(Threads.threadid()) : Base.Workqueues[1]

# Whether a task that is in this queue waits, and is not about to go on.
is_waiting(queue) = all_threads == 1 ? queue !== run_queue().queue : is_the_loops(queue)

function interrupt(task::Any)
    t = task::Task
    ended = false
    Base.iolock_begin()
    try
        queue = t.queue
        if queue !== nothing && is_waiting(queue)
            schedule(t, Cancelled(), error=true)
            ended = true
        end
    catch
    end
    Base.iolock_end()
    return Cint(ended)
end
