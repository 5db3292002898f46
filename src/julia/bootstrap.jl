# SPDX-License-Identifier: MIT
#
# The Julia half of jltask: what Julia's C API does not export as a function is done here, so that nothing in C depends
# on the layout of a Julia object. This file has what every program needs, and is evaluated at the start; what a C file
# needs beyond that is in a file of the same name beside it, and is evaluated when it is first needed. All of it is one
# module. C has each function compiled as a @cfunction when it first calls it (bootstrap.h).
#
# Functions that run code of the user's return the object `Failure` and set *failed when it threw. They are entered
# through @cfunction, which raises the world age to the newest, so that plain calls see the newest methods.
#
# A program's first reply waits for all of this to be compiled. So it is compiled without optimisation, which these
# functions have little use for; what is rare is called through a global that is not constant, so that the compiler does
# not look into it; and what is done once is done at top level, which Julia interprets.
module JLTask

Base.Experimental.@optlevel 0

const Failed = Ptr{Cint}

# The exceptions of one failure, the newest last, with their backtraces; or one that jltask itself found.
struct Failure
    status::Int
    message::String
    stack::Vector{Any}
end

const STATUS_EXCEPTION = 1
const STATUS_TYPE_MISMATCH = 3
const STATUS_NOT_FOUND = 4
const STATUS_CLOSED = 6
const STATUS_INVALID_ARGUMENT = 11

# What the current task is handling, the newest last.
handled() = isdefined(Base, :current_exceptions) ? # since 1.7
    Any[e.exception for e in Base.current_exceptions(backtrace=false)] : Base.catch_stack(include_bt=false)

const MOST_EXCEPTIONS = 16

function exceptions()
    list = handled()
    if length(list) > MOST_EXCEPTIONS # thrown while others were handled, by something recursive; each has all its frames
        newest = Any[(e, []) for e in list[end-MOST_EXCEPTIONS+1:end]]
        newest[end] = (list[end], catch_backtrace())
        return newest
    end
    if isdefined(Base, :current_exceptions)
        return Any[(e.exception, e.backtrace) for e in Base.current_exceptions()]
    end
    return Any[(e[1], e[2]) for e in Base.catch_stack()]
end

function failure(failed::Failed)
    unsafe_store!(failed, Cint(1))
    return Failure(STATUS_EXCEPTION, "", exceptions())
end

function failure(failed::Failed, status::Int, message::String)
    unsafe_store!(failed, Cint(1))
    return Failure(status, message, Any[])
end

rare_failure = failure

# No frame roots what a start fails with until it is described. A Failure is immutable, so Julia may make two objects
# of one: the one that is kept must be the one that is returned.
const START_FAILURE = Ref{Any}(nothing)

function start_failure(failed::Failed)
    START_FAILURE[] = failure(failed)
    return START_FAILURE[]
end

# Julia wraps what a file threw once for each file that was being included, the outermost first.
unwrapped(exception) = exception isa LoadError ? unwrapped(exception.error) : exception

# ---- calls ------------------------------------------------------------------------------------------------------

# args[1] is the function, count includes it.
function call(args::Ptr{Any}, count::Csize_t, failed::Failed)
    try
        f = unsafe_load(args)
        count == 1 && return f()
        a = unsafe_load(args, 2)
        count == 2 && return f(a)
        b = unsafe_load(args, 3)
        count == 3 && return f(a, b)
        c = unsafe_load(args, 4)
        count == 4 && return f(a, b, c)
        return rare_call(args, count)
    catch
        return rare_failure(failed)
    end
end

# The values of a C array.
loaded(values::Ptr{Any}, count::Csize_t) = Any[unsafe_load(values, i) for i in 1:Int(count)]

call_many(args::Ptr{Any}, count::Csize_t) = unsafe_load(args)(loaded(args + sizeof(Ptr{Any}), count - Csize_t(1))...)
rare_call = call_many

# ---- fibers -----------------------------------------------------------------------------------------------------

# Returns when the current task has been scheduled by engine.c, and not before.
function wait_scheduled()
    while true
        try
            wait()
            return
        catch # thrown at this task by somebody else: not ours
        end
    end
end

function run_fiber(pump::Ptr{Cvoid}, data::Ptr{Cvoid})
    while true
        next = ccall(pump, Cint, (Ptr{Cvoid},), data)
        if next == 0
            wait_scheduled()
        elseif next == 1
            try
                yield()
            catch
            end
        else
            return nothing
        end
    end
end

# A task pinned to one thread, not yet scheduled; or nothing.
function new_fiber(tid::Cint, pump::Ptr{Cvoid}, data::Ptr{Cvoid})
    try
        task = Task(() -> run_fiber(pump, data))
        task.sticky = true
        @static if hasfield(Task, :scope) # since 1.11; what the maker of the task has, which is none of its own
            task.scope = nothing
        else
            task.logstate = nothing
        end
        ccall(:jl_set_task_tid, Cvoid, (Any, Cint), task, tid - 1)
        return task
    catch # no memory for its stack
        return nothing
    end
end

schedule_fiber(task::Any) = (schedule(task::Task); nothing)

# ---- the runtime ------------------------------------------------------------------------------------------------

# The ids of the threads that run tasks.
const WORKER_THREADS = isdefined(Threads, :threadpooltids) ? Threads.threadpooltids(:default) : # since 1.10
    isdefined(Threads, :threadpool) ? filter(tid -> Threads.threadpool(tid) === :default, 1:Threads.maxthreadid()) :
    collect(1:Threads.nthreads())

const SEVERAL_THREADS = (isdefined(Threads, :maxthreadid) ? Threads.maxthreadid() : Threads.nthreads()) > 1

# Waits until C schedules this task again. Outside a threaded region only the first thread runs the event loop, so the
# other threads' doorbells would wait for its body to end.
function serve()
    SEVERAL_THREADS && ccall(:jl_enter_threaded_region, Cvoid, ())
    wait_scheduled()
    SEVERAL_THREADS && ccall(:jl_exit_threaded_region, Cvoid, ())
    return nothing
end

# struct task_fields in bootstrap.h.
const TASK_FIELDS = Int[
    fieldoffset(Task, Base.fieldindex(Task, :storage)),
    hasfield(Task, :rngState0) ? fieldoffset(Task, Base.fieldindex(Task, :rngState0)) : 0, # since 1.7
    hasfield(Task, :rngState4) ? 5 : hasfield(Task, :rngState0) ? 4 : 0]

const VERSION_TEXT = string(VERSION) # with a pre-release's number, which jl_ver_string lacks

# What every program needs, in the order of struct start in bootstrap.c. C's own libjulia does not show libuv's
# functions since 1.6.
const START = Ptr{Cvoid}[
    pointer(WORKER_THREADS), Ptr{Cvoid}(length(WORKER_THREADS)), pointer(TASK_FIELDS),
    pointer(VERSION_TEXT),
    @cfunction(call, Any, (Ptr{Any}, Csize_t, Failed)),
    @cfunction(new_fiber, Any, (Cint, Ptr{Cvoid}, Ptr{Cvoid})),
    @cfunction(schedule_fiber, Cvoid, (Any,)),
    cglobal(:uv_poll_init), cglobal(:uv_poll_start), cglobal(:uv_prepare_init), cglobal(:uv_prepare_start),
    cglobal(:uv_check_init), cglobal(:uv_check_start), cglobal(:uv_close)]
const START_AT = pointer(START)

# ---- the rest of this module, when it is needed -----------------------------------------------------------------

# A struct julia_source in C. How many of its statements have been evaluated is noted there after each, so that a try
# after a failure goes on behind them; -1: all.
function evaluate_source(source::Ptr{Cvoid})
    done = Ptr{Int}(source) + 2sizeof(Ptr{Cvoid})
    (source == C_NULL || unsafe_load(done) < 0) && return
    texts = Ptr{Ptr{UInt8}}(source)
    code = Base.parse_input_line(unsafe_string(unsafe_load(texts, 1)), filename=unsafe_string(unsafe_load(texts, 2)))
    for i in unsafe_load(done)+1:length(code.args)
        Core.eval(JLTask, code.args[i])
        unsafe_store!(done, i)
    end
    unsafe_store!(done, -1)
    return
end

# What C says of a failure that is not described as the user's are; C splits it at the NUL.
failure_text(exception) = string(nameof(typeof(exception)), '\0', sprint(showerror, unwrapped(exception)))
rare_text = failure_text

# request: a struct request in bootstrap.c. Why it could not be met, or nothing.
function evaluate(request::Ptr{Cvoid})
    parts = Ptr{Ptr{Cvoid}}(request)
    try
        evaluate_source(unsafe_load(parts, 1))
        evaluate_source(unsafe_load(parts, 2))
        entry = Core.eval(JLTask, Meta.parse(unsafe_string(Ptr{UInt8}(unsafe_load(parts, 3)))))
        unsafe_store!(parts, entry, 4)
        return nothing
    catch exception
        return rare_text(exception)
    end
end

end
