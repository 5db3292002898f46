# SPDX-License-Identifier: MIT
#
# Tuples and named tuples (tuple.c).

function make_tuple(values::Ptr{Any}, count::Csize_t, failed::Failed)
    try
        return tuple(Any[unsafe_load(values, i) for i in 1:Int(count)]...)
    catch
        return failure(failed)
    end
end

# fields: pairs of a C string and a value.
function make_named_tuple(fields::Ptr{Cvoid}, count::Csize_t, failed::Failed)
    try
        names = Any[Symbol(unsafe_string(unsafe_load(Ptr{Ptr{UInt8}}(fields), 2i - 1))) for i in 1:Int(count)]
        for i in 1:length(names), j in 1:i-1
            names[i] === names[j] &&
                return failure(failed, STATUS_INVALID_ARGUMENT, "jlt_named_tuple: two fields are named $(names[i])")
        end
        values = tuple(Any[unsafe_load(Ptr{Any}(fields), 2i) for i in 1:Int(count)]...)
        return NamedTuple{tuple(names...),typeof(values)}(values)
    catch
        return failure(failed)
    end
end
