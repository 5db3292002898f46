# SPDX-License-Identifier: MIT
#
# Bodies of tasks that are Julia functions (body.c).

# What a type's name stands for, where that is no path.
function type_expression(text_bytes::Ptr{UInt8}, failed::Failed)
    text = unsafe_string(text_bytes)
    try
        return Core.eval(Main, Meta.parse(text))
    catch exception
        exception isa UndefVarError &&
            return failure(failed, STATUS_NOT_FOUND, "$text: $(exception.var) is not defined")
        return failure(failed)
    end
end

# The places of a struct parts.
const INIT, RUN, CONFIG, INPUT, OUTPUT = 1, 2, 3, 4, 5
const SIZES = 5 # that of CONFIG is the next

# nothing: none is given.
function part(parts::Ptr{Cvoid}, place::Int)
    unsafe_load(Ptr{Ptr{Cvoid}}(parts), place) == C_NULL && return nothing
    return Some{Any}(unsafe_load(Ptr{Any}(parts), place))
end

# Why C's bytes cannot be a value of that type, or nothing.
function unfit(what::String, T, size::UInt)
    T isa Type || return "julia_$what names $(T), which is not a type"
    isbitstype(T) || return "julia_$what: $T is not plain bits (isbitstype), so C cannot hold it"
    sizeof(T) == size || return "julia_$what: $T has $(sizeof(T)) bytes, but $(what)_size is $size"
    return nothing
end

# Entries are made here: a child of Main, so that they are optimised as the user's own code is.
const ENTRIES = Module(:JLTaskEntries)

const ENTRY_OF = IdDict{Any,Ptr{Cvoid}}()
const ENTRY_LOCK = ReentrantLock()

# A function of its own for each entry: all in it is constant but the state and the bytes.
function make_entry(f, S::Type, I, O)
    name = Symbol("body", length(ENTRY_OF))
    run = QuoteNode(f)
    call = I === nothing ? :($run(state::$S)) : :($run(state::$S, unsafe_load(Ptr{$(something(I))}(input))))
    body = O === nothing ? call :
        :(unsafe_store!(Ptr{$(something(O))}(output), convert($(something(O)), $call)::$(something(O))))
    Core.eval(ENTRIES, quote
        function $name(state::Any, input::Ptr{Cvoid}, output::Ptr{Cvoid}, failed::Ptr{Cint})
            try
                $body
                return nothing
            catch
                return $(GlobalRef(JLTask, :rare_failure))(failed)
            end
        end
    end)
    return Core.eval(ENTRIES, :(@cfunction($name, Any, (Any, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cint}))))
end

function entry_of(f, S::Type, I, O)
    lock(ENTRY_LOCK)
    try
        return get!(() -> make_entry(f, S, I, O), ENTRY_OF, (f, S, I, O))
    finally
        unlock(ENTRY_LOCK)
    end
end

# The state of a new task, after all that its type names has been checked.
function new_state(parts::Ptr{Cvoid}, config::Ptr{Cvoid}, entry::Ptr{Ptr{Cvoid}}, failed::Failed)
    try
        for (what, place) in (("config", CONFIG), ("input", INPUT), ("output", OUTPUT))
            T = part(parts, place)
            why = T === nothing ? nothing :
                unfit(what, something(T), unsafe_load(Ptr{UInt}(parts), SIZES + place - CONFIG + 1))
            why === nothing || return failure(failed, STATUS_TYPE_MISMATCH, why)
        end
        init, C = part(parts, INIT), part(parts, CONFIG)
        state = init === nothing ? nothing :
            C === nothing ? something(init)() : something(init)(unsafe_load(Ptr{something(C)}(config)))
        f = something(part(parts, RUN))
        unsafe_store!(entry, entry_of(f, typeof(state), part(parts, INPUT), part(parts, OUTPUT)))
        return state
    catch
        return failure(failed)
    end
end
