# SPDX-License-Identifier: MIT
#
# C structs as values of a bits type (bits.c).

no_type(call, @nospecialize(type)) = "$call: expected a type, got a value of type $(typeof(type))"
no_bits(call, @nospecialize(type)) = "$call: $type is not a bits type"
other_size(call, @nospecialize(type), size) = "$call: a $type has $(sizeof(type)) bytes, data has $(Int(size))"

# What is wrong with the type for that many bytes, or nothing.
function refuse_bits(call, @nospecialize(type), size::Csize_t)
    type isa Type || return no_type(call, type)
    isbitstype(type) || return no_bits(call, type)
    return Core.sizeof(type) == size ? nothing : other_size(call, type, size)
end

function make_bits(@nospecialize(type), data::Ptr{Cvoid}, size::Csize_t, failed::Failed)
    try
        wrong = refuse_bits("jlt_box_bits", type, size)
        wrong === nothing || return failure(failed, STATUS_TYPE_MISMATCH, wrong)
        return ccall(:jl_new_bits, Any, (Any, Ptr{Cvoid}), type, data)
    catch
        return failure(failed)
    end
end

# type: nothing for any.
function check_bits(@nospecialize(value), @nospecialize(type), size::Csize_t, failed::Failed)
    call = "jlt_unbox_bits"
    try
        wrong = type === nothing || type isa Type ? nothing : no_type(call, type)
        if wrong === nothing && type !== nothing && !(value isa type)
            wrong = "$call: expected $type, got $(typeof(value))"
        end
        wrong === nothing && (wrong = refuse_bits(call, typeof(value), size))
        return wrong === nothing ? nothing : failure(failed, STATUS_TYPE_MISMATCH, wrong)
    catch
        return failure(failed)
    end
end
