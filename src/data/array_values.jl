# SPDX-License-Identifier: MIT
#
# Elements as values, and the length and shape of arrays (array_values.c).

function check_array(@nospecialize(array), call::Ptr{UInt8})
    array isa AbstractArray ||
        rare_refuse(call, STATUS_TYPE_MISMATCH, "expected an array, got a value of type ", typeof(array))
    return
end

# ---- elements ---------------------------------------------------------------------------------------------------

# The array's own index of its element number i.
function own_index(@nospecialize(array), i::Csize_t, call::Ptr{UInt8})
    check_array(array, call)
    1 <= i <= length(array) ||
        rare_refuse(call, STATUS_INVALID_ARGUMENT, "index ", Int128(i), " of an array of ", length(array), " elements")
    return array isa Array ? Int(i) : eachindex(IndexLinear(), array)[Int(i)]
end

function get_element(array::Any, i::Csize_t, call::Ptr{UInt8}, failed::Failed)
    try
        index = own_index(array, i, call)
        isassigned(array, index) ||
            rare_refuse(call, STATUS_NOT_FOUND, "element ", Int(i), " of the ", typeof(array), " is undefined")
        return array[index]
    catch exception
        return rare_caught(failed, exception)
    end
end

function check_value(@nospecialize(array), @nospecialize(value), call::Ptr{UInt8})
    value isa eltype(array) ||
        rare_refuse(call, STATUS_TYPE_MISMATCH, "an element of ", typeof(array), " cannot be of type ", typeof(value))
    return
end

function set_element(array::Any, i::Csize_t, @nospecialize(value), call::Ptr{UInt8}, failed::Failed)
    try
        index = own_index(array, i, call)
        check_value(array, value, call)
        array[index] = value
        return nothing
    catch exception
        return rare_caught(failed, exception)
    end
end

# ---- length -----------------------------------------------------------------------------------------------------

# Does what changes the vector's length.
function resizing(change, @nospecialize(vector), call::Ptr{UInt8})
    try
        is_wrapped(vector) || return change()
    catch exception # until 1.10 that is all that Julia says
        exception isa ErrorException && occursin("shared data", exception.msg) || rethrow()
    end
    rare_refuse(call, STATUS_INVALID_ARGUMENT,
                "the vector cannot be resized, since its memory is C's, or is shared with a reshaped array")
end

function check_vector(@nospecialize(vector), @nospecialize(T), call::Ptr{UInt8})
    vector isa Vector && eltype(vector) === T ||
        rare_refuse(call, STATUS_TYPE_MISMATCH, "expected a Vector of ", T, ", got ", typeof(vector))
    return
end

function check_vector(@nospecialize(vector), call::Ptr{UInt8})
    vector isa Vector || rare_refuse(call, STATUS_TYPE_MISMATCH, "expected a Vector, got ", typeof(vector))
    return
end

# Copies elements to the end. They may be the vector's own, which move when it grows.
function append_bytes(@nospecialize(vector), data::Ptr{Cvoid}, count::Csize_t)
    old = length(vector)
    bytes = Base.elsize(typeof(vector))
    GC.@preserve vector begin
        offset = UInt(data) - UInt(pointer(vector))
        own = offset < old * bytes
        resize!(vector, old + Int(count))
        from = own ? Ptr{Cvoid}(pointer(vector) + offset) : data
        ccall(:memcpy, Ptr{Cvoid}, (Ptr{Cvoid}, Ptr{Cvoid}, Csize_t), pointer(vector) + old * bytes, from,
              count * bytes)
    end
    return
end

function append_elements(vector::Any, element::Cint, type::Any, element_size::Csize_t, data::Ptr{Cvoid},
                         count::Csize_t, call::Ptr{UInt8}, failed::Failed)
    try
        check_vector(vector, element_type(element, type, element_size, call), call)
        count == 0 || resizing(() -> append_bytes(vector, data, count), vector, call)
        return nothing
    catch exception
        return rare_caught(failed, exception)
    end
end

function push_value(vector::Any, @nospecialize(value), call::Ptr{UInt8}, failed::Failed)
    try
        check_vector(vector, call)
        check_value(vector, value, call)
        resizing(() -> push!(vector, value), vector, call)
        return nothing
    catch exception
        return rare_caught(failed, exception)
    end
end

function resize_vector(vector::Any, new_length::Csize_t, call::Ptr{UInt8}, failed::Failed)
    try
        check_vector(vector, call)
        old = length(vector)
        new_length == old || resizing(() -> resize!(vector, Int(new_length)), vector, call)
        clear_elements(vector, old + 1)
        return nothing
    catch exception
        return rare_caught(failed, exception)
    end
end

# ---- shape ------------------------------------------------------------------------------------------------------

function reshape_array(array::Any, ndims::Csize_t, dims::Ptr{Csize_t}, call::Ptr{UInt8}, failed::Failed)
    try
        check_array(array, call)
        shape = dims_tuple(ndims, dims)
        prod(shape) == length(array) ||
            rare_refuse(call, STATUS_TYPE_MISMATCH, "an array of size ", size(array), ", ", length(array),
                        " elements, cannot have the size ", shape)
        return reshape(array, shape)
    catch exception
        return rare_caught(failed, exception)
    end
end

function store_shape(array::Any, room::Csize_t, dims::Ptr{Csize_t}, ndims_and_length::Ptr{Csize_t}, call::Ptr{UInt8},
                     failed::Failed)
    try
        check_array(array, call)
        unsafe_store!(ndims_and_length, ndims(array), 1)
        unsafe_store!(ndims_and_length, length(array), 2)
        for i in 1:min(Int(room), ndims(array))
            unsafe_store!(dims, size(array, i), i)
        end
        return nothing
    catch exception
        return rare_caught(failed, exception)
    end
end
