# SPDX-License-Identifier: MIT
#
# Globals by path (globals.c).

# The names of a path: "Base.Threads.nthreads", and "Base.+" or "Base..+" for operators.
function split_path(path::String)
    names = String[]
    from = 1
    while true
        dot = findnext(isequal('.'), path, from)
        if dot === nothing || dot == from || dot == lastindex(path)
            push!(names, path[from:end])
            return names
        end
        push!(names, path[from:prevind(path, dot)])
        from = dot + 1
    end
end

function first_of_path(name::Symbol)
    isdefined(Main, name) && return Some{Any}(getfield(Main, name))
    for m in values(Base.loaded_modules)
        nameof(m) === name && return Some{Any}(m)
    end
    return nothing
end

# How long C may remember what it found (globals.c).
const REMEMBER_NOT = Cint(0)
const REMEMBER_NAME = Cint(1) # a global of Main: its value may change

how_long(names::Vector{String}) = length(names) == 2 && names[1] == "Main" ? REMEMBER_NAME : REMEMBER_NOT

function global_value(path::Ptr{UInt8}, remember::Ptr{Cint}, failed::Failed)
    try
        text = unsafe_string(path)
        isempty(text) && return failure(failed, STATUS_NOT_FOUND, "the path is empty")
        names = split_path(text)
        found = first_of_path(Symbol(names[1]))
        found === nothing &&
            return failure(failed, STATUS_NOT_FOUND, "$text: no global $(names[1]) in Main")
        value = something(found)
        for i in 2:length(names)
            name = Symbol(names[i])
            if value isa Module ? !isdefined(value, name) : !(name in propertynames(value))
                where = join(names[1:i-1], '.')
                return failure(failed, STATUS_NOT_FOUND, "$text: no $(names[i]) in $where")
            end
            value = getproperty(value, name)
        end
        unsafe_store!(remember, how_long(names))
        return value
    catch
        return failure(failed)
    end
end

function main_value(name::Any, gone::Ptr{Cint})
    isdefined(Main, name::Symbol) && return getfield(Main, name::Symbol)
    unsafe_store!(gone, Cint(1))
    return nothing
end
