# SPDX-License-Identifier: MIT
#
# C data in Julia's hands (opaque.c).

mutable struct Opaque
    data::Ptr{Cvoid}
    release::Ptr{Cvoid} # may be NULL
    tag::Symbol         # may be empty
end

Base.show(io::IO, o::Opaque) = print(io, "C data", o.tag === Symbol("") ? "" : " \"$(o.tag)\"")

function new_opaque(data::Ptr{Cvoid}, release::Ptr{Cvoid}, tag::Any, failed::Failed)
    try
        return Opaque(data, release, tag::Symbol)
    catch
        return failure(failed)
    end
end

function release_opaque(o::Opaque)
    data = o.data
    o.data = C_NULL
    data == C_NULL || ccall(o.release, Cvoid, (Ptr{Cvoid},), data)
    return nothing
end

function arm_opaque(o::Any, failed::Failed)
    try
        finalizer(release_opaque, o::Opaque)
        return nothing
    catch
        return failure(failed)
    end
end

expected_of(tag) = tag === nothing ? "C data" : "C data \"$tag\""

# tag: nothing, or the Symbol that it must have.
function opaque_data(o::Any, tag::Any, data::Ptr{Ptr{Cvoid}}, failed::Failed)
    o isa Opaque ||
        return failure(failed, STATUS_TYPE_MISMATCH, "jlt_opaque_get: expected $(expected_of(tag)), got $(typeof(o))")
    tag === nothing || tag === o.tag ||
        return failure(failed, STATUS_TYPE_MISMATCH, "jlt_opaque_get: expected $(expected_of(tag)), got $(sprint(show, o))")
    o.data == C_NULL && return failure(failed, STATUS_CLOSED, "jlt_opaque_get: the C data has been released")
    unsafe_store!(data, o.data)
    return nothing
end
