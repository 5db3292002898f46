# SPDX-License-Identifier: MIT
#
# Arrays (array.c).

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
