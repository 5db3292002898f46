# SPDX-License-Identifier: MIT
#
# Fields and properties (field.c).

const NoField = isdefined(Core, :FieldError) ? Union{ErrorException,Core.FieldError} : ErrorException # since 1.12

has_property(@nospecialize(value), name::Symbol) = value isa Module ? isdefined(value, name) : hasproperty(value, name)

# Whether an exception says no more than that there is no such field: getproperty may know names that propertynames
# does not tell, so it is asked first.
function is_absent(@nospecialize(value), name::Symbol, @nospecialize(exception))
    value isa Module && return !isdefined(value, name)
    exception isa NoField || return false
    try
        return !hasfield(typeof(value), name) && !hasproperty(value, name)
    catch # the type's own propertynames
        return false
    end
end

function field_failure(call, @nospecialize(value), name::Symbol, @nospecialize(exception), failed::Failed)
    is_absent(value, name, exception) || return failure(failed)
    what = value isa Module ? "module $value has no member" : "a $(typeof(value)) has no field"
    return failure(failed, STATUS_NOT_FOUND, "$call: $what $name")
end
rare_field_failure = field_failure

function get_field(call::Ptr{UInt8}, @nospecialize(value), @nospecialize(name), failed::Failed)
    try
        return getproperty(value, name::Symbol)
    catch exception
        return rare_field_failure(unsafe_string(call), value, name, exception, failed)
    end
end

function set_field(@nospecialize(value), @nospecialize(name), @nospecialize(field), failed::Failed)
    try
        setproperty!(value, name::Symbol, field)
        return nothing
    catch exception
        return rare_field_failure("jlt_field_set", value, name, exception, failed)
    end
end

function has_field(@nospecialize(value), @nospecialize(name), has::Ptr{Cint}, failed::Failed)
    try
        unsafe_store!(has, Cint(has_property(value, name::Symbol)::Bool))
        return nothing
    catch
        return rare_failure(failed)
    end
end

# ---- by position --------------------------------------------------------------------------------------------------

count_fields(@nospecialize(value)) = Csize_t(nfields(value))

function no_position(call, @nospecialize(value), position::Csize_t, failed::Failed)
    count = nfields(value)
    fields = count == 1 ? "1 field" : "$count fields"
    return failure(failed, STATUS_NOT_FOUND, "$call: no field $position in a $(typeof(value)), which has $fields")
end
rare_no_position = no_position

is_position(@nospecialize(value), position::Csize_t) = 1 <= position <= nfields(value)

function get_field_at(@nospecialize(value), position::Csize_t, failed::Failed)
    try
        is_position(value, position) || return rare_no_position("jlt_field_at", value, position, failed)
        return getfield(value, Int(position))
    catch
        return rare_failure(failed)
    end
end

function set_field_at(@nospecialize(value), position::Csize_t, @nospecialize(field), failed::Failed)
    try
        is_position(value, position) || return rare_no_position("jlt_field_set_at", value, position, failed)
        setfield!(value, Int(position), convert(fieldtype(typeof(value), Int(position)), field))
        return nothing
    catch
        return rare_failure(failed)
    end
end

function name_of_field(@nospecialize(value), position::Csize_t, name::Ptr{Ptr{UInt8}}, failed::Failed)
    try
        is_position(value, position) || return rare_no_position("jlt_field_name", value, position, failed)
        symbol = Symbol(fieldname(typeof(value), Int(position))) # a tuple's is its position
        unsafe_store!(name, Base.unsafe_convert(Ptr{UInt8}, symbol))
        return nothing
    catch
        return rare_failure(failed)
    end
end
