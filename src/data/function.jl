# SPDX-License-Identifier: MIT
#
# C functions that Julia can call (function.c).

# A C function failed its frame without an exception of Julia's.
struct CFunctionError <: Exception
    name::String # the function's
    status::Int  # a jlt_status
    message::String
end

Base.showerror(io::IO, e::CFunctionError) = print(io, e.message)

# ---- with frames ------------------------------------------------------------------------------------------------

mutable struct CFunction <: Function
    name::String
    enter::Ptr{Cvoid}
    release::Ptr{Cvoid}
    self::Ptr{Cvoid} # NULL: released, at exit
end

Base.show(io::IO, f::CFunction) = print(io, f.name, " (a C function)")
Base.print(io::IO, f::CFunction) = show(io, f) # Base has other ways for a Function
Base.show(io::IO, ::MIME"text/plain", f::CFunction) = show(io, f)

(f::CFunction)(@nospecialize(args...)) = call_c(f, Any[args...])

# The task stays on its thread meanwhile, as C code expects.
function call_c(f::CFunction, values::Vector{Any})
    f.self == C_NULL && throw(CFunctionError(f.name, STATUS_CLOSED, "$(f.name): Julia has ended"))
    failed = Ref{Cint}(0)
    result = enter(f, values, failed)
    failed[] == 0 && return result
    if failed[] == CALL_IS_DEEP && !handles_overflow()
        failed[] = CALL_ANYWAY
        result = enter(f, values, failed)
        failed[] == 0 && return result
    end
    if failed[] == CALL_IS_DEEP || failed[] == CALL_OVERFLOWS
        handles_overflow() ? rethrow() : throw(StackOverflowError())
    end
    throw(thrown(f, failed[], result))
end

# How a call ended, and (CALL_ANYWAY) how it should begin, as in function.c.
const CALL_ANYWAY = -1
const CALL_OVERFLOWS = 2
const CALL_IS_DEEP = 3
const CALL_FAILED = 16

function enter(f::CFunction, values::Vector{Any}, failed::Ref{Cint})
    task = current_task()
    sticky = task.sticky
    task.sticky = true
    result = GC.@preserve f values ccall(f.enter, Any, (Ptr{Cvoid}, Ptr{Any}, Csize_t, Failed), f.self,
                                         pointer(values), length(values), failed)
    task.sticky = sticky
    return result
end

# Whether this is called while the task handles a stack overflow. Then it is not only near the end of the stack that C
# is not entered, but until most of the stack has been given back: code that calls C again at each level of a recursion
# that it comes back from would else throw anew at each, and to throw takes some microseconds for each frame below.
function handles_overflow()
    list = handled()
    return !isempty(list) && list[end] isa StackOverflowError
end

function thrown(f::CFunction, failed::Cint, result)
    result isa Failure || return CFunctionError(f.name, failed - CALL_FAILED, result)
    isempty(result.stack) && return CFunctionError(f.name, result.status, result.message)
    return unwrapped(result.stack[end][1])
end

# Has all of this compiled before a program can call it first where the stack ends: the compiler would be broken off in
# the middle. C takes a call without a function for one that finds no room.
const REHEARSED = Ref(false)
const NO_FUNCTION = zeros(UInt8, 64)

function rehearse(enter::Ptr{Cvoid})
    REHEARSED[] && return
    REHEARSED[] = true
    f = CFunction("", enter, C_NULL, pointer(NO_FUNCTION))
    try
        throw(StackOverflowError())
    catch
        try
            Base.invokelatest(f)
        catch
        end
    end
    precompile(Tuple{CFunction,Any})
    precompile(Tuple{CFunction,Any,Any})
    precompile(Tuple{typeof(thrown),CFunction,Cint,Any})
end

function new_function(name::Ptr{UInt8}, enter::Ptr{Cvoid}, release::Ptr{Cvoid}, self::Ptr{Cvoid}, failed::Failed)
    try
        rehearse(enter)
        return CFunction(unsafe_string(name), enter, release, self)
    catch
        return failure(failed)
    end
end

function release_function(f::CFunction)
    self = f.self
    f.self = C_NULL
    ccall(f.release, Cvoid, (Ptr{Cvoid},), self)
    return nothing
end

function arm_function(f::Any, failed::Failed)
    try
        finalizer(release_function, f::CFunction)
        return nothing
    catch
        return failure(failed)
    end
end

# ---- plain ones -------------------------------------------------------------------------------------------------

# R: the return type, A: a Tuple type of the arguments'.
struct PlainFunction{R,A} <: Function
    pointer::Ptr{Cvoid}
end

Base.show(io::IO, f::PlainFunction{R,A}) where {R,A} =
    print(io, "C function (", join(A.parameters, ", "), ") -> ", R)
Base.print(io::IO, f::PlainFunction) = show(io, f)
Base.show(io::IO, ::MIME"text/plain", f::PlainFunction) = show(io, f)

# ccall converts, and keeps alive what is behind pointers.
@generated function (f::PlainFunction{R,A})(args...) where {R,A}
    types = A.parameters
    if length(args) != length(types)
        text = "the C function takes $(length(types)) arguments ($(join(types, ", "))), $(length(args)) were given"
        return :(throw(ArgumentError($text)))
    end
    values = [:(args[$i]) for i in 1:length(types)]
    return :(ccall(f.pointer, $R, ($(types...),), $(values...)))
end

is_plain(T) = isbitstype(T) && sizeof(T) > 0

function check_plain(what, T)
    T isa Type || return (STATUS_TYPE_MISMATCH, "jlt_c_function: $what: expected a type, got a value of $(typeof(T))")
    is_plain(T) || return (STATUS_INVALID_ARGUMENT, "jlt_c_function: $what: $T is not a type of plain bits")
    return nothing
end

function new_plain_function(pointer::Ptr{Cvoid}, R::Any, types::Any, failed::Failed)
    try
        if types isa DataType && types <: Tuple
            types = Tuple(types.parameters)
        end
        types isa Tuple || return failure(failed, STATUS_TYPE_MISMATCH,
            "jlt_c_function: argument types: expected a tuple of types, got a value of $(typeof(types))")
        wrong = R === Nothing ? nothing : check_plain("return type", R)
        for (i, T) in enumerate(types)
            wrong === nothing && (wrong = check_plain("argument $i", T))
        end
        wrong === nothing || return failure(failed, wrong...)
        return PlainFunction{R,Tuple{types...}}(pointer)
    catch
        return failure(failed)
    end
end
