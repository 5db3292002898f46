# SPDX-License-Identifier: MIT
#
# The Julia half of jltask. What Julia's C API does not export as a function is done here and handed to C as function
# pointers, by name (`boot`, and `need` for the rest), so that nothing in C depends on the layout of a Julia object.
#
# Functions that run code of the user's return the object `Failure` and set *failed when it threw. They are entered
# through @cfunction, which raises the world age to the newest, so that plain calls see the newest methods.
module JLTask

const Failed = Ptr{Cint}

# The exceptions of one failure, the newest last, with their backtraces; or one that jltask itself found.
struct Failure
    status::Int
    message::String
    stack::Vector{Any}
end

# main_value's answer for a name that is gone.
struct NotDefined end
const NOT_DEFINED = NotDefined()

const STATUS_EXCEPTION = 1
const STATUS_TYPE_MISMATCH = 3
const STATUS_NOT_FOUND = 4
const STATUS_INVALID_ARGUMENT = 11

function exceptions()
    if isdefined(Base, :current_exceptions) # since 1.7
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

# ---- running code -----------------------------------------------------------------------------------------------

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
        return f(Any[unsafe_load(args, i) for i in 2:Int(count)]...)
    catch
        return failure(failed)
    end
end

function eval_code(code::Ptr{UInt8}, failed::Failed)
    try
        return include_string(Main, unsafe_string(code), "jlt_eval")
    catch
        return failure(failed)
    end
end

# The names of a path: "Base.Threads.nthreads", and "Base.+" or "Base..+" for operators.
function split_path(path::String)
    names = String[]
    from = 1
    while true
        dot = findnext(isequal('.'), path, from)
        if dot === nothing || dot == from || dot == lastindex(path)
            push!(names, path[from:end])
            return names
        end
        push!(names, path[from:prevind(path, dot)])
        from = dot + 1
    end
end

function first_of_path(name::Symbol)
    isdefined(Main, name) && return Some{Any}(getfield(Main, name))
    for m in values(Base.loaded_modules)
        nameof(m) === name && return Some{Any}(m)
    end
    return nothing
end

# How long C may remember what it found (globals.c).
const REMEMBER_NOT = Cint(0)
const REMEMBER_VALUE = Cint(1)  # a constant of Base's or Core's
const REMEMBER_NAME = Cint(2)   # a global of Main: its value may change

function how_long(names::Vector{String}, constant::Bool)
    constant && names[1] in ("Base", "Core") && return REMEMBER_VALUE
    length(names) == 2 && names[1] == "Main" && return REMEMBER_NAME
    return REMEMBER_NOT
end

function global_value(path::Ptr{UInt8}, remember::Ptr{Cint}, failed::Failed)
    try
        text = unsafe_string(path)
        isempty(text) && return failure(failed, STATUS_NOT_FOUND, "the path is empty")
        names = split_path(text)
        found = first_of_path(Symbol(names[1]))
        found === nothing &&
            return failure(failed, STATUS_NOT_FOUND, "$text: no global $(names[1]) in Main")
        value = something(found)
        constant = true
        for i in 2:length(names)
            name = Symbol(names[i])
            if value isa Module ? !isdefined(value, name) : !(name in propertynames(value))
                where = join(names[1:i-1], '.')
                return failure(failed, STATUS_NOT_FOUND, "$text: no $(names[i]) in $where")
            end
            constant &= value isa Module && isconst(value, name)
            value = getproperty(value, name)
        end
        unsafe_store!(remember, how_long(names, constant))
        return value
    catch
        return failure(failed)
    end
end

main_value(name::Any) = isdefined(Main, name::Symbol) ? getfield(Main, name::Symbol) : NOT_DEFINED

# ---- failures as text -------------------------------------------------------------------------------------------

# Exceptions of the user's may fail to show themselves; then their type must do.
function shown(exception)
    try
        return sprint(showerror, exception)
    catch
        return string(nameof(typeof(exception)), " (its showerror failed)")
    end
end

# include_string wraps what the code threw; the wrapper says nothing.
unwrapped(exception) = exception isa LoadError ? unwrapped(exception.error) : exception

typename(exception) = string(nameof(typeof(exception)))

function trace_text(io::IO, trace)
    # a stack overflow has 80,000 entries, which take 0.3 s to look up
    for (i, frame) in enumerate(stacktrace(trace[1:min(end, 500)]))
        endswith(string(frame.file), "jltask_bootstrap.jl") && break # the rest is jltask's own
        println(io, " [", i, "] ", frame.func, " at ", frame.file, ":", frame.line)
        i == 100 && break
    end
end

function describe(failure::Any, sink::Ptr{Cvoid}, error::Ptr{Cvoid})
    f = failure::Failure
    message, type, trace = f.message, "", ""
    if !isempty(f.stack)
        exception = unwrapped(f.stack[end][1])
        message = shown(exception)
        type = try typename(exception) catch; "" end
        trace = try
            sprint() do io
                for (i, (e, t)) in enumerate(reverse(f.stack))
                    i > 1 && println(io, "caused by: ", shown(unwrapped(e)))
                    trace_text(io, t)
                end
            end
        catch
            ""
        end
    end
    ccall(sink, Cvoid, (Ptr{Cvoid}, Cint, Ptr{UInt8}, Csize_t, Ptr{UInt8}, Csize_t, Ptr{UInt8}, Csize_t), error,
          f.status, message, sizeof(message), type, sizeof(type), trace, sizeof(trace))
    return nothing
end

# ---- values -----------------------------------------------------------------------------------------------------

type_of(value::Any) = typeof(value)

function string_bytes(value::Any, length::Ptr{Csize_t})
    value isa String || return Ptr{UInt8}(C_NULL)
    unsafe_store!(length, sizeof(value))
    return pointer(value)
end

function new_string(bytes::Ptr{UInt8}, length::Csize_t, failed::Failed)
    try
        return unsafe_string(bytes, length)
    catch
        return failure(failed)
    end
end

# Symbols are never freed nor moved.
symbol_name(value::Any) = value isa Symbol ? Base.unsafe_convert(Ptr{UInt8}, value) : Ptr{UInt8}(C_NULL)

const ELEMENTS = Any[Bool, Char, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float16, Float32, Float64,
                     ComplexF32, ComplexF64]

dims_tuple(ndims::Csize_t, dims::Ptr{Csize_t}) = ntuple(i -> Int(unsafe_load(dims, i)), Int(ndims))

# data == C_NULL: zeroed; copied: a copy of it; else the memory itself, which stays C's.
function make_array(element::Cint, data::Ptr{Cvoid}, copied::Cint, ndims::Csize_t, dims::Ptr{Csize_t}, failed::Failed)
    try
        T = ELEMENTS[element + 1]
        size = dims_tuple(ndims, dims)
        data == C_NULL && return fill!(Array{T}(undef, size), zero_of(T))
        copied == 0 && return unsafe_wrap(Array, Ptr{T}(data), size)
        array = Array{T}(undef, size)
        # by bytes: data need not be aligned
        ccall(:memcpy, Ptr{Cvoid}, (Ptr{Cvoid}, Ptr{Cvoid}, Csize_t), array, data, sizeof(array))
        return array
    catch
        return failure(failed)
    end
end

zero_of(T) = zero(T)
zero_of(::Type{Char}) = '\0'

# Fills a struct jlt_view.
function view_array(array::Any, element::Cint, view::Ptr{Csize_t}, max_dims::Csize_t, failed::Failed)
    T = ELEMENTS[element + 1]
    if !(array isa Array) || eltype(array) !== T
        return failure(failed, STATUS_TYPE_MISMATCH, "expected an Array of $T, got $(typeof(array))")
    end
    unsafe_store!(view, UInt(pointer(array)), 1)
    unsafe_store!(view, length(array), 2)
    unsafe_store!(view, sizeof(T), 3)
    unsafe_store!(view, ndims(array), 4)
    for i in 1:Int(max_dims)
        unsafe_store!(view, size(array, i), 4 + i)
    end
    return nothing
end

# ---- roots ------------------------------------------------------------------------------------------------------

# Pages of what tasks keep. A page is never resized, so that C may read its elements in place.
const PAGES = Vector{Any}[]
const PAGES_LOCK = Threads.SpinLock()

function new_page(length::Csize_t)
    page = Vector{Any}(nothing, length)
    lock(PAGES_LOCK)
    push!(PAGES, page)
    unlock(PAGES_LOCK)
    return page
end

# Not specialized: a method for Int64 would take value out of its box and put another box into the page.
page_store(page::Any, i::Csize_t, @nospecialize(value)) = (@inbounds((page::Vector{Any})[i] = value); nothing)

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

# A task pinned to one thread, not yet scheduled.
function new_fiber(tid::Cint, pump::Ptr{Cvoid}, data::Ptr{Cvoid})
    task = Task(() -> run_fiber(pump, data))
    task.sticky = true
    ccall(:jl_set_task_tid, Cvoid, (Any, Cint), task, tid - 1)
    return task
end

schedule_fiber(task::Any) = (schedule(task::Task); nothing)

# Waits for one schedule_fiber. timed_out(parker) is called if that did not come within ns; then it makes it come.
function suspend(parker::Ptr{Cvoid}, timed_out::Ptr{Cvoid}, ns::Int64)
    if ns < 0
        wait_scheduled()
        return nothing
    end
    state = Threads.Atomic{Int}(0) # 0: waiting, 1: the timer came first, 2: the wake-up did, 3: the timer is done
    timer = Timer(ns / 1e9) do _
        if Threads.atomic_cas!(state, 0, 1) == 0
            ccall(timed_out, Cvoid, (Ptr{Cvoid},), parker)
            state[] = 3
        end
    end
    wait_scheduled()
    if Threads.atomic_cas!(state, 0, 2) != 0
        while state[] != 3
            GC.safepoint()
        end
    end
    close(timer)
    return nothing
end

# ---- the runtime ------------------------------------------------------------------------------------------------

function open_doorbell(handle::Ptr{Cvoid}, answer::Ptr{Cvoid})
    Base.iolock_begin()
    status = ccall(:uv_async_init, Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), Base.eventloop(), handle, answer)
    Base.iolock_end()
    return status
end

# Has Julia's event loop call before_poll when a thread is about to wait in it, and after_poll when it comes back. Both
# handles are memory of C's, large enough.
function watch_loop(prepare::Ptr{Cvoid}, before_poll::Ptr{Cvoid}, check::Ptr{Cvoid}, after_poll::Ptr{Cvoid})
    Base.iolock_begin()
    ccall(:uv_prepare_init, Cint, (Ptr{Cvoid}, Ptr{Cvoid}), Base.eventloop(), prepare)
    ccall(:uv_prepare_start, Cint, (Ptr{Cvoid}, Ptr{Cvoid}), prepare, before_poll)
    ccall(:uv_check_init, Cint, (Ptr{Cvoid}, Ptr{Cvoid}), Base.eventloop(), check)
    ccall(:uv_check_start, Cint, (Ptr{Cvoid}, Ptr{Cvoid}), check, after_poll)
    Base.iolock_end()
    return nothing
end

function close_doorbell(handle::Ptr{Cvoid}, closed::Ptr{Cvoid})
    Base.iolock_begin()
    ccall(:uv_close, Cvoid, (Ptr{Cvoid}, Ptr{Cvoid}), handle, closed)
    Base.iolock_end()
    return nothing
end

# The threads that run tasks.
function worker_threads()
    isdefined(Threads, :threadpooltids) && return Int[Threads.threadpooltids(:default)...] # since 1.10
    isdefined(Threads, :threadpool) || return collect(1:Threads.nthreads())
    return filter(tid -> Threads.threadpool(tid) === :default, 1:Threads.maxthreadid()) # 1.9
end

all_threads() = isdefined(Threads, :maxthreadid) ? Threads.maxthreadid() : Threads.nthreads()

const ROOT = Ref{Task}()

function finish()
    schedule(ROOT[])
    return nothing
end

# Waits until C calls finish. Outside a threaded region only the first thread runs the event loop, so the other
# threads' doorbells would wait for its body to end.
function serve()
    several = all_threads() > 1
    several && ccall(:jl_enter_threaded_region, Cvoid, ())
    wait_scheduled()
    several && ccall(:jl_exit_threaded_region, Cvoid, ())
    return nothing
end

# What C asks for when it first needs it, since compiling a function takes some milliseconds: name, result, arguments.
const LATE = Dict{Symbol,Any}(
    :eval_code => (:eval_code, Any, :((Ptr{UInt8}, Failed))),
    :global_value => (:global_value, Any, :((Ptr{UInt8}, Ptr{Cint}, Failed))),
    :main_value => (:main_value, Any, :((Any,))),
    :describe => (:describe, Cvoid, :((Any, Ptr{Cvoid}, Ptr{Cvoid}))),
    :type_of => (:type_of, Any, :((Any,))),
    :string_bytes => (:string_bytes, Ptr{UInt8}, :((Any, Ptr{Csize_t}))),
    :new_string => (:new_string, Any, :((Ptr{UInt8}, Csize_t, Failed))),
    :symbol_name => (:symbol_name, Ptr{UInt8}, :((Any,))),
    :make_array => (:make_array, Any, :((Cint, Ptr{Cvoid}, Cint, Csize_t, Ptr{Csize_t}, Failed))),
    :view_array => (:view_array, Any, :((Any, Cint, Ptr{Csize_t}, Csize_t, Failed))),
    :new_page => (:new_page, Any, :((Csize_t,))),
    :page_store => (:page_store, Cvoid, :((Any, Csize_t, Any))),
    :watch_loop => (:watch_loop, Cvoid, :((Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}))),
    :suspend => (:suspend, Cvoid, :((Ptr{Cvoid}, Ptr{Cvoid}, Int64))),
)

const GIVE = Ref{Ptr{Cvoid}}()

hand(name::String, pointer::Ptr) = ccall(GIVE[], Cvoid, (Cstring, Ptr{Cvoid}), name, pointer)

function need(name::Ptr{UInt8})
    text = unsafe_string(name)
    f, result, arguments = LATE[Symbol(text)]
    hand(text, Core.eval(JLTask, Expr(:macrocall, Symbol("@cfunction"), LineNumberNode(0), f, result, arguments)))
    return nothing
end

# Hands to C, through give(name, pointer), what it needs from the start.
function boot(give::Ptr{Cvoid})
    ROOT[] = current_task()
    GIVE[] = give
    hand("call", @cfunction(call, Any, (Ptr{Any}, Csize_t, Failed)))
    hand("new_fiber", @cfunction(new_fiber, Any, (Cint, Ptr{Cvoid}, Ptr{Cvoid})))
    hand("schedule_fiber", @cfunction(schedule_fiber, Cvoid, (Any,)))
    hand("open_doorbell", @cfunction(open_doorbell, Cint, (Ptr{Cvoid}, Ptr{Cvoid})))
    hand("close_doorbell", @cfunction(close_doorbell, Cvoid, (Ptr{Cvoid}, Ptr{Cvoid})))
    hand("finish", @cfunction(finish, Cvoid, ()))
    hand("serve", @cfunction(serve, Cvoid, ()))
    hand("need", @cfunction(need, Cvoid, (Ptr{UInt8},)))
    hand("ring", cglobal(:uv_async_send))
    hand("doorbell_bytes", Ptr{Cvoid}(UInt(Base._sizeof_uv_async)))
    for tid in worker_threads()
        hand("worker_thread", Ptr{Cvoid}(UInt(tid)))
    end
    ccall(give, Cvoid, (Cstring, Any), "nothing", nothing)
    ccall(give, Cvoid, (Cstring, Any), "not_defined", NOT_DEFINED)
    for T in (Bool, Char, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float32, Float64, Ptr, Type, Failure)
        ccall(give, Cvoid, (Cstring, Any), string(nameof(T)), T)
    end
    return nothing
end

end
