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

# The places of a struct parts, the sizes in the order of the types.
const INIT, RUN, CONFIG, INPUT, OUTPUT, SIZES = 1, 2, 3, 4, 5, 6

given(parts::Ptr{Cvoid}, place::Int) = unsafe_load(Ptr{Ptr{Cvoid}}(parts), place) != C_NULL
part(parts::Ptr{Cvoid}, place::Int) = unsafe_load(Ptr{Any}(parts), place)
size_of_part(parts::Ptr{Cvoid}, place::Int) = unsafe_load(Ptr{Int}(parts), SIZES + place - CONFIG)

fits(T::Any, size::Int) = T isa DataType && isbitstype(T) && Core.sizeof(T) === size

function unfit_failure(failed::Failed, place::Int, T, size::Int)
    what = ("config", "input", "output")[place-CONFIG+1]
    return failure(failed, STATUS_TYPE_MISMATCH,
                   !(T isa Type) ? "julia_$what names $T, which is not a type" :
                   !isbitstype(T) ? "julia_$what: $T is not plain bits (isbitstype), so C cannot hold it" :
                   "julia_$what: $T has $(sizeof(T)) bytes, but $(what)_size is $size")
end
rare_unfit = unfit_failure

# As unsafe_load, but it need not be compiled for each T.
load(T::Any, at::Ptr{Cvoid}) = Core.Intrinsics.pointerref(Core.Intrinsics.bitcast(Ptr{T}, at), 1, 1)

# Entries are made here: a child of Main, so that they are optimised as the user's own code is.
const ENTRIES = Module(:JLTaskEntries)

const ENTRY_OF = IdDict{Any,Any}()
const ENTRY_LOCK = ReentrantLock()

# A function of its own for each entry: all in it is constant but the state and the bytes. The state comes as a pointer,
# rooted by C: a @cfunction with an argument of type Any dispatches dynamically and boxes the others (1.5). I and O are
# nothing where there is none.
function make_entry(@nospecialize(f), @nospecialize(S), @nospecialize(I), @nospecialize(O))
    name = Symbol("body", length(ENTRY_OF))
    call = Expr(:call, QuoteNode(f), :value)
    I === nothing || push!(call.args, :(unsafe_load(Ptr{$I}(input))))
    body = O === nothing ? call : :(unsafe_store!(Ptr{$O}(output), convert($O, $call)::$O))
    Core.eval(ENTRIES, quote
        function $name(state::Ptr{Cvoid}, input::Ptr{Cvoid}, output::Ptr{Cvoid}, failed::Ptr{Cint})
            try
                value = unsafe_pointer_to_objref(state)::$S
                $body
                return nothing
            catch
                return $(GlobalRef(JLTask, :rare_failure))(failed)
            end
        end
    end)
    return Core.eval(ENTRIES, :(@cfunction($name, Any, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cint}))))
end
rare_entry = make_entry

function entry_of(@nospecialize(f), @nospecialize(S), @nospecialize(I), @nospecialize(O))
    key = Core.svec(f, S, I, O)
    lock(ENTRY_LOCK)
    try
        entry = get(ENTRY_OF, key, nothing)
        if entry === nothing
            entry = rare_entry(f, S, I, O)
            ENTRY_OF[key] = entry
        end
        return entry::Ptr{Cvoid}
    finally
        unlock(ENTRY_LOCK)
    end
end

# The state of a new task, after all that its type names has been checked.
function new_state(parts::Ptr{Cvoid}, config::Ptr{Cvoid}, entry::Ptr{Ptr{Cvoid}}, failed::Failed)
    try
        for place in CONFIG:OUTPUT
            given(parts, place) && !fits(part(parts, place), size_of_part(parts, place)) &&
                return rare_unfit(failed, place, part(parts, place), size_of_part(parts, place))
        end
        state = nothing
        if given(parts, INIT)
            init = part(parts, INIT)
            state = given(parts, CONFIG) ? init(load(part(parts, CONFIG), config)) : init()
        end
        I = given(parts, INPUT) ? part(parts, INPUT) : nothing
        O = given(parts, OUTPUT) ? part(parts, OUTPUT) : nothing
        unsafe_store!(entry, entry_of(part(parts, RUN), typeof(state), I, O))
        return state
    catch
        return rare_failure(failed)
    end
end
