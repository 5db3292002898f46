# SPDX-License-Identifier: MIT
#
# Tuples and named tuples (tuple.c). Loops, since they are compiled sooner than comprehensions.

function make_tuple(values::Ptr{Any}, count::Csize_t, failed::Failed)
    try
        list = Vector{Any}(undef, count)
        for i in 1:Int(count)
            list[i] = unsafe_load(values, i)
        end
        return tuple(list...)
    catch
        return rare_failure(failed)
    end
end

name_twice(name::Symbol, failed::Failed) =
    failure(failed, STATUS_INVALID_ARGUMENT, "jlt_named_tuple: two fields are named $name")
rare_name_twice = name_twice

# fields: pairs of a C string and a value.
function make_named_tuple(fields::Ptr{Cvoid}, count::Csize_t, failed::Failed)
    try
        names = Vector{Any}(undef, count)
        values = Vector{Any}(undef, count)
        for i in 1:Int(count)
            name = Symbol(unsafe_string(unsafe_load(Ptr{Ptr{UInt8}}(fields), 2i - 1)))
            for j in 1:i-1
                names[j] === name && return rare_name_twice(name, failed)
            end
            names[i] = name
            values[i] = unsafe_load(Ptr{Any}(fields), 2i)
        end
        tuple_of_values = tuple(values...)
        type = NamedTuple{tuple(names...),typeof(tuple_of_values)}
        # not type(tuple_of_values), which is compiled for each type
        return ccall(:jl_new_structt, Any, (Any, Any), type, tuple_of_values)
    catch
        return rare_failure(failed)
    end
end
