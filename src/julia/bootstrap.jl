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
# A program's first reply waits for all of this to be compiled, and in a new process each function costs 5 ms and more,
# each macro up to 30, Base's own too where its image has not kept them
# (docs/decisions/0010-start-without-compiling.md). So C itself calls what Base has, and here is only what C cannot do.
# It is compiled without optimisation, which it has little use for; what is rare is called through a global that is not
# constant, so that the compiler does not look into it; what is done once is done at top level, which Julia interprets;
# and no macro is used.
module JLTask

Core.eval(JLTask, Expr(:meta, :optlevel, 0)) # Base.Experimental.@optlevel 0

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
    # thrown while others were handled, by something recursive; each has all its frames
    if length(list) > MOST_EXCEPTIONS
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
function call(args::Ptr{Any}, count::Int, failed::Failed)
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
loaded(values::Ptr{Any}, count::Integer) = Any[unsafe_load(values, i) for i in 1:Int(count)]

call_many(args::Ptr{Any}, count::Int) = unsafe_load(args)(loaded(args + sizeof(Ptr{Any}), count - 1)...)
rare_call = call_many

# ---- fibers -----------------------------------------------------------------------------------------------------

# What a fiber's Julia task does: C's run(data).
struct Fiber
    run::Ptr{Cvoid}
    data::Ptr{Cvoid}
end

(fiber::Fiber)() = (ccall(fiber.run, Cvoid, (Ptr{Cvoid},), fiber.data); nothing)

# What a wait in Julia ends with when the call that the body serves has been given up.
struct Cancelled <: Exception end

Base.showerror(io::IO, ::Cancelled) = print(io, "JLTask.Cancelled: the call was given up")

# For a body's code: whether nobody waits for its reply any more. IS_GIVEN_UP is a C function's address (bootstrap.c).
function cancelled()
    fiber = current_task().code
    return fiber isa Fiber && ccall(IS_GIVEN_UP, Cint, (Ptr{Cvoid},), fiber.data) != 0
end

# ---- the rest of this module, when it is needed -----------------------------------------------------------------

# REQUEST is where C's `request` is (bootstrap.c), a struct of four words. It is read by intrinsics that are looked up,
# so that nothing has to be compiled for that.

# Evaluates a statement in it.
const STEP = :(include_string(identity, JLTask,
    unsafe_string(Core.Intrinsics.pointerref(REQUEST, 1, 1),
                  Core.Intrinsics.bitcast(Int, Core.Intrinsics.pointerref(REQUEST, 2, 1))),
    unsafe_string(Core.Intrinsics.pointerref(REQUEST, 3, 1))))

end
