# SPDX-License-Identifier: MIT
#
# What a frame has caught (frame.c).

# The exception itself; *none is set if the failure was not one.
function caught_value(failure::Any, none::Ptr{Cint})
    stack = (failure::Failure).stack
    isempty(stack) || return unwrapped(stack[end][1])
    unsafe_store!(none, Cint(1))
    return nothing
end
