# SPDX-License-Identifier: MIT
#
# What crosses between C and Julia (value.c).

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

# C has looked for NULs.
function new_symbol(bytes::Ptr{UInt8}, length::Csize_t, failed::Failed)
    try
        return Symbol(unsafe_string(bytes, length))
    catch
        return failure(failed)
    end
end

# The types with their parameters, which C does not tell.
function wrong_type(@nospecialize(value), call::Ptr{UInt8}, expected::Ptr{UInt8}, failed::Failed)
    message = "$(unsafe_string(call)): expected $(unsafe_string(expected)), got $(typeof(value))"
    return failure(failed, STATUS_TYPE_MISMATCH, message)
end
