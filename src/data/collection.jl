# SPDX-License-Identifier: MIT
#
# Elements of collections, and ranges (collection.c).

get_many(@nospecialize(collection), indices::Vector{Any}) = getindex(collection, indices...)
set_many(@nospecialize(collection), @nospecialize(value), indices::Vector{Any}) =
    setindex!(collection, value, indices...)
rare_get = get_many
rare_set = set_many

function get_element(@nospecialize(collection), indices::Ptr{Any}, count::Csize_t, failed::Failed)
    try
        count == 1 && return getindex(collection, unsafe_load(indices))
        return rare_get(collection, loaded(indices, count))
    catch
        return rare_failure(failed)
    end
end

function set_element(@nospecialize(collection), @nospecialize(value), indices::Ptr{Any}, count::Csize_t, failed::Failed)
    try
        if count == 1
            setindex!(collection, value, unsafe_load(indices))
        else
            rare_set(collection, value, loaded(indices, count))
        end
        return nothing
    catch
        return rare_failure(failed)
    end
end

function get_element_at(@nospecialize(collection), index::Int64, failed::Failed)
    try
        return getindex(collection, index)
    catch
        return rare_failure(failed)
    end
end

function set_element_at(@nospecialize(collection), @nospecialize(value), index::Int64, failed::Failed)
    try
        setindex!(collection, value, index)
        return nothing
    catch
        return rare_failure(failed)
    end
end

function has_key(@nospecialize(collection), @nospecialize(key), has::Ptr{Cint}, failed::Failed)
    try
        unsafe_store!(has, Cint(haskey(collection, key)::Bool))
        return nothing
    catch
        return rare_failure(failed)
    end
end

function length_of(@nospecialize(collection), length_to::Ptr{Csize_t}, failed::Failed)
    try
        unsafe_store!(length_to, Csize_t(length(collection))::Csize_t)
        return nothing
    catch
        return rare_failure(failed)
    end
end

function make_range_i64(first::Int64, step::Int64, last::Int64, failed::Failed)
    try
        return step == 1 ? (first:last) : (first:step:last)
    catch
        return rare_failure(failed)
    end
end

function make_range_f64(first::Float64, last::Float64, length::Csize_t, failed::Failed)
    try
        return range(first, stop=last, length=Int(length))
    catch
        return rare_failure(failed)
    end
end
