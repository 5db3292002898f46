# SPDX-License-Identifier: MIT
#
# Calls in other forms than f(a, b) (call.c).

function call_kw(keywords::Any, f::Any, args::Ptr{Any}, count::Csize_t, failed::Failed)
    try
        keywords isa NamedTuple ||
            return failure(failed, STATUS_TYPE_MISMATCH, "jlt_call_kw: expected NamedTuple, got $(typeof(keywords))")
        return f(loaded(args, count)...; keywords...)
    catch
        return failure(failed)
    end
end

function call_splat(f::Any, collection::Any, failed::Failed)
    try
        return f(collection...)
    catch
        return failure(failed)
    end
end

function call_broadcast(f::Any, args::Ptr{Any}, count::Csize_t, failed::Failed)
    try
        return broadcast(f, loaded(args, count)...)
    catch
        return failure(failed)
    end
end

# ---- tasks ------------------------------------------------------------------------------------------------------

# As Threads.@spawn, in that pool wherever the caller runs; in the default one if no thread is in it.
function scheduled_in(pool::Symbol, task::Task)
    task.sticky = false
    isdefined(Threads, :_spawn_set_thrpool) && Threads._spawn_set_thrpool(task, pool) # since 1.9
    return schedule(task)
end

function spawn(f::Any, args::Ptr{Any}, count::Csize_t, failed::Failed)
    try
        values = loaded(args, count)
        return scheduled_in(:default, Task(() -> Base.invokelatest(f, values...)))
    catch
        return failure(failed)
    end
end

function spawn_with(keywords::Any, interactive::Cint, f::Any, args::Ptr{Any}, count::Csize_t, failed::Failed)
    try
        keywords isa Union{NamedTuple,Nothing} || return failure(failed, STATUS_TYPE_MISMATCH,
            "jlt_spawn_with: expected NamedTuple, got $(typeof(keywords))")
        values, named = loaded(args, count), something(keywords, NamedTuple())
        return scheduled_in(interactive != 0 ? :interactive : :default,
                            Task(() -> Base.invokelatest(f, values...; named...)))
    catch
        return failure(failed)
    end
end

# What the task itself threw, as `exceptions` in bootstrap.jl has it.
function exceptions_of(task::Task)
    stack = isdefined(Base, :current_exceptions) ?
        Any[(e.exception, e.backtrace) for e in Base.current_exceptions(task)] :
        Any[(e[1], e[2]) for e in Base.catch_stack(task)]
    return isempty(stack) ? Any[(task.exception, [])] : stack
end

function fetch_task(task::Any, failed::Failed)
    task isa Task ||
        return failure(failed, STATUS_TYPE_MISMATCH, "jlt_fetch: expected Task, got $(typeof(task))")
    try
        return fetch(task)
    catch
        istaskfailed(task) || return failure(failed) # thrown at the one who waits
        stack = exceptions_of(task)
        unsafe_store!(failed, Cint(1))
        return Failure(STATUS_EXCEPTION, "", stack)
    end
end
