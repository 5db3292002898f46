# SPDX-License-Identifier: MIT
#
# Making arrays (array.c), and what the other files on arrays have in common.

# A failure with a status and a message of its own, thrown by what the functions below call.
struct Refusal <: Exception
    status::Int
    message::String
end

function refuse(call::Ptr{UInt8}, status::Int, @nospecialize(text...))
    throw(Refusal(status, string(unsafe_string(call), ": ", text...)))
end

# For a catch: what was thrown, as a Failure.
function caught(failed::Failed, @nospecialize(exception))
    exception isa Refusal && return failure(failed, exception.status, exception.message)
    return failure(failed)
end

rare_refuse = refuse
rare_caught = caught

# ---- element types ----------------------------------------------------------------------------------------------

const ELEMENTS = Any[Bool, Char, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float16, Float32, Float64,
                     ComplexF32, ComplexF64]

# The element type that C means: by number; or, where that is negative, the bits type given, whose elements have `size`
# bytes in C.
function element_type(element::Cint, @nospecialize(type), size::Csize_t, call::Ptr{UInt8})
    element < 0 || return ELEMENTS[element+1]
    if !(type isa Type)
        rare_refuse(call, STATUS_TYPE_MISMATCH, "expected a type, got a value of type ", typeof(type))
    elseif !isbitstype(type)
        rare_refuse(call, STATUS_TYPE_MISMATCH, type, " is not a bits type: its values are not plain bytes")
    elseif Base.elsize(Array{type,1}) != size
        rare_refuse(call, STATUS_TYPE_MISMATCH, "an element of ", type, " has ", Base.elsize(Array{type,1}),
                    " bytes in Julia, but ", Int(size), " in C")
    end
    return type
end

# Gives the new elements, those from `from` on (1: of any array, else of a vector), a value: zero bytes; nothing or
# missing where the type has it; else they stay undefined.
function clear_elements(@nospecialize(array), from::Int)
    from > length(array) && return
    T = eltype(array)
    if isbitstype(T)
        bytes = (length(array) - from + 1) * Base.elsize(Array{T,1})
        GC.@preserve array ccall(:memset, Ptr{Cvoid}, (Ptr{Cvoid}, Cint, Csize_t), pointer(array, from), 0, bytes)
    elseif Nothing <: T || Missing <: T
        fill!(from == 1 ? array : view(array, from:length(array)), Nothing <: T ? nothing : missing)
    end
    return
end

# ---- memory of C's ----------------------------------------------------------------------------------------------

# What owns the elements: since 1.11 an array may leave its memory to others and go; before, others keep the array.
if isdefined(Core, :GenericMemory)
    memory_of(array::Array) = getfield(getfield(array, :ref), :mem)
    memory_of(array::Any) = array

    # Since 1.11 Julia does not know what it must not resize. Only weak references: an address may be used again.
    const WRAPPED = Dict{UInt,WeakRef}()
    const WRAPPED_LOCK = ReentrantLock()
    const WRAPPED_ROOM = Ref(1024)

    function note_wrapped(array::Array)
        isempty(array) && return # its memory is that of all empty arrays
        memory = memory_of(array)
        lock(WRAPPED_LOCK) do
            if length(WRAPPED) >= WRAPPED_ROOM[]
                filter!(entry -> entry.second.value !== nothing, WRAPPED)
                WRAPPED_ROOM[] = max(1024, 2 * length(WRAPPED))
            end
            WRAPPED[objectid(memory)] = WeakRef(memory)
        end
        return
    end

    function is_wrapped(array::Array)
        memory = memory_of(array)
        return lock(WRAPPED_LOCK) do
            entry = get(WRAPPED, objectid(memory), nothing)
            entry !== nothing && entry.value === memory
        end
    end
else
    memory_of(array::Any) = array
    note_wrapped(array::Any) = nothing
    is_wrapped(array::Any) = false
end

# A finalizer: lets go of C's memory.
struct Release
    run::Ptr{Cvoid}
    data::Ptr{Cvoid}
end

(release::Release)(@nospecialize(_)) = (ccall(release.run, Cvoid, (Ptr{Cvoid},), release.data); nothing)

function wrap_array(@nospecialize(T), data::Ptr{Cvoid}, @nospecialize(size), release::Ptr{Cvoid},
                    release_data::Ptr{Cvoid}, call::Ptr{UInt8})
    if UInt(data) % Base.datatype_alignment(T) != 0
        rare_refuse(call, STATUS_INVALID_ARGUMENT, "data is not aligned for ", T)
    end
    array = unsafe_wrap(Array, Ptr{T}(data), size)
    note_wrapped(array)
    # where there are no elements, their memory is that of all empty arrays (since 1.11)
    release == C_NULL || finalizer(Release(release, release_data), isempty(array) ? array : memory_of(array))
    return array
end

# ---- making -----------------------------------------------------------------------------------------------------

dims_tuple(ndims::Csize_t, dims::Ptr{Csize_t}) = ntuple(i -> Int(unsafe_load(dims, i)), Int(ndims))

# data: the elements to be copied, or with copied == 0 the memory itself, which release(release_data) lets go of (NULL:
# it stays C's).
function make_array(element::Cint, type::Any, element_size::Csize_t, data::Ptr{Cvoid}, copied::Cint, ndims::Csize_t,
                    dims::Ptr{Csize_t}, release::Ptr{Cvoid}, release_data::Ptr{Cvoid}, call::Ptr{UInt8},
                    failed::Failed)
    try
        T = element_type(element, type, element_size, call)
        size = dims_tuple(ndims, dims)
        copied == 0 && return wrap_array(T, data, size, release, release_data, call)
        array = Array{T}(undef, size)
        # by bytes: data need not be aligned
        ccall(:memcpy, Ptr{Cvoid}, (Ptr{Cvoid}, Ptr{Cvoid}, Csize_t), array, data, sizeof(array))
        return array
    catch exception
        return rare_caught(failed, exception)
    end
end

# Any element type.
function new_array(element::Cint, type::Any, ndims::Csize_t, dims::Ptr{Csize_t}, call::Ptr{UInt8}, failed::Failed)
    try
        T = element < 0 ? type : ELEMENTS[element+1]
        if !(T isa Type)
            rare_refuse(call, STATUS_TYPE_MISMATCH, "expected a type, got a value of type ", typeof(T))
        end
        array = Array{T}(undef, dims_tuple(ndims, dims))
        clear_elements(array, 1)
        return array
    catch exception
        return rare_caught(failed, exception)
    end
end
