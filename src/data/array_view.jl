# SPDX-License-Identifier: MIT
#
# Where the elements of arrays are (array_view.c).

# The address of the first element, and the strides in elements; nothing for an array that has no memory of its own, or
# whose elements are not at regular distances in it.
place_of(@nospecialize(array)) = nothing

place_of(array::Array) = (UInt(pointer(array)), packed_strides(size(array)))

if isdefined(Core, :GenericMemory) # since 1.11
    place_of(memory::Memory) = (UInt(pointer(memory)), [1])
end

function place_of(array::SubArray)
    place = place_of(parent(array))
    place === nothing && return nothing
    address, parent_strides = place
    strides = Int[]
    bytes = Base.elsize(Array{eltype(array),1})
    for (index, stride, axis) in zip(parentindices(array), parent_strides, axes(parent(array)))
        if index isa AbstractRange
            push!(strides, stride * step(index))
        elseif !(index isa Integer)
            return nothing
        end
        address += ((first(index) - first(axis)) * stride * bytes) % UInt
    end
    return address, strides
end

place_of(array::Base.ReshapedArray) = place_of_packed(array)

# Its elements may have another alignment than those it is made of.
function place_of(array::Base.ReinterpretArray)
    place = place_of_packed(array)
    place === nothing && return nothing
    return place[1] % Base.datatype_alignment(eltype(array)) == 0 ? place : nothing
end

function place_of(array::PermutedDimsArray{T,N,perm}) where {T,N,perm}
    place = place_of(parent(array))
    place === nothing && return nothing
    return place[1], place[2][collect(Int, perm)]
end

function place_of_packed(@nospecialize(array))
    place = place_of(parent(array))
    place === nothing && return nothing
    is_packed(size(parent(array)), place[2]) || return nothing
    return place[1], packed_strides(size(array))
end

function packed_strides(@nospecialize(size))
    strides = Int[]
    stride = 1
    for n in size
        push!(strides, stride)
        stride *= n
    end
    return strides
end

# Whether the elements follow each other as in an Array.
function is_packed(@nospecialize(size), strides::Vector{Int})
    0 in size && return true
    stride = 1
    for (n, s) in zip(size, strides)
        n == 1 || s == stride || return false
        stride *= n
    end
    return true
end

# Stores the words of struct view_words in C: data, length, element_size, ndims, whether it is packed, then dims and
# strides.
function store_view(@nospecialize(array), place, words::Ptr{Csize_t}, max_dims::Csize_t)
    address, strides = place
    shape = size(array)
    packed = is_packed(shape, strides)
    unsafe_store!(words, address, 1)
    unsafe_store!(words, length(array), 2)
    unsafe_store!(words, Base.elsize(Array{eltype(array),1}), 3)
    unsafe_store!(words, length(shape), 4)
    unsafe_store!(words, packed, 5)
    beyond = 1
    for i in 1:Int(max_dims)
        n, stride = i <= length(shape) ? (shape[i], strides[i]) : (1, beyond)
        beyond = stride * n
        unsafe_store!(words, n, 5 + i)
        unsafe_store!(words, stride % UInt, 5 + Int(max_dims) + i)
    end
    return packed
end

# The same for an Array, without a detour.
function store_array(array::Array, words::Ptr{Csize_t}, max_dims::Csize_t)
    unsafe_store!(words, UInt(pointer(array)), 1)
    unsafe_store!(words, length(array), 2)
    unsafe_store!(words, Base.elsize(typeof(array)), 3)
    unsafe_store!(words, ndims(array), 4)
    unsafe_store!(words, 1, 5)
    stride = 1
    for i in 1:Int(max_dims)
        n = size(array, i)
        unsafe_store!(words, n, 5 + i)
        unsafe_store!(words, stride, 5 + Int(max_dims) + i)
        stride *= n
    end
    return nothing
end

function refuse_view(@nospecialize(array), @nospecialize(T), call::Ptr{UInt8})
    why = array isa BitArray && T === Bool ? ", whose elements are bits and not bytes; copy it to an Array" :
          array isa AbstractArray && eltype(array) === T ?
          ", whose elements are not at regular distances in memory; copy it to an Array" : ""
    refuse(call, STATUS_TYPE_MISMATCH, "expected an Array of ", T, ", got ", typeof(array), why)
end

function view_other(@nospecialize(array), @nospecialize(T), strided::Cint, words::Ptr{Csize_t}, max_dims::Csize_t,
                    call::Ptr{UInt8})
    place = array isa AbstractArray && eltype(array) === T ? place_of(array) : nothing
    place === nothing && refuse_view(array, T, call)
    if !store_view(array, place, words, max_dims) && strided == 0
        refuse(call, STATUS_TYPE_MISMATCH, "expected an Array of ", T, ", got ", typeof(array),
               ", whose elements have gaps between them; take a strided view, or copy it to an Array")
    end
    return nothing
end

rare_view_other = view_other

function view_array(array::Any, element::Cint, type::Any, element_size::Csize_t, strided::Cint, words::Ptr{Csize_t},
                    max_dims::Csize_t, call::Ptr{UInt8}, failed::Failed)
    try
        T = element_type(element, type, element_size, call)
        array isa Array && eltype(array) === T && return store_array(array, words, max_dims)
        return rare_view_other(array, T, strided, words, max_dims, call)
    catch exception
        return rare_caught(failed, exception)
    end
end

# ---- what is held for the client (held.c) -----------------------------------------------------------------------

const HELD_OTHER = Cint(0)
const HELD_ARRAY = Cint(1)
const HELD_STRING = Cint(2)

# The array that a view, or something made from it, is of.
root_array(@nospecialize(array)) = parent(array) === array ? array : root_array(parent(array))

# Names of types as Julia shows them, which takes some microseconds.
const NAMES = IdDict{Any,String}()
const NAMES_LOCK = ReentrantLock()
const MOST_NAMES = 10000

function name_of(@nospecialize(type))
    lock(NAMES_LOCK) do
        length(NAMES) < MOST_NAMES || empty!(NAMES)
        get!(() -> string(type), NAMES, type)
    end::String
end

element_number(@nospecialize(T)) = (i = findfirst(x -> x === T, ELEMENTS); i === nothing ? -1 : i - 1)

function store_held(@nospecialize(value), words::Ptr{Csize_t}, max_dims::Csize_t)
    if value isa String
        unsafe_store!(words, UInt(pointer(value)), 1)
        unsafe_store!(words, sizeof(value), 2)
        return HELD_STRING
    end
    value isa AbstractArray && isbitstype(eltype(value)) || return HELD_OTHER
    place = place_of(value)
    place === nothing && return HELD_OTHER
    store_view(value, place, words, max_dims)
    return HELD_ARRAY
end

# A function of this module's is called through a global that is not constant, as in bootstrap.jl.
rare_store_held = store_held
rare_name_of = name_of
rare_root_array = root_array

# Returns what owns the elements, to be rooted too: an array may be given other memory.
function inspect(@nospecialize(value), words::Ptr{Csize_t}, max_dims::Csize_t, sink::Ptr{Cvoid}, held::Ptr{Cvoid},
                 failed::Failed)
    try
        kind, memory, T = HELD_OTHER, value, Any
        if value isa Array && isbitstype(eltype(value))
            kind, memory, T = HELD_ARRAY, memory_of(value), eltype(value)
            store_array(value, words, max_dims)
        else
            kind = rare_store_held(value, words, max_dims)::Cint
            if kind == HELD_ARRAY
                memory, T = memory_of(rare_root_array(value)), eltype(value)
            end
        end
        ccall(sink, Cvoid, (Ptr{Cvoid}, Cint, Cint, Ptr{UInt8}, Ptr{UInt8}), held, kind,
              kind == HELD_ARRAY ? element_number(T) : -1, rare_name_of(typeof(value))::String,
              rare_name_of(T)::String)
        return memory
    catch exception
        return rare_caught(failed, exception)
    end
end
