# SPDX-License-Identifier: MIT
#
# Storing into pages of what tasks keep (roots.c).

# Both objects come as pointers, rooted by C: arguments of type Any would be dispatched on, so that a method for Int64
# would take value out of its box and put another box into the page. (A macro that prevents it takes 20 ms to expand.)
function page_store(page::Ptr{Cvoid}, i::Int, value::Ptr{Cvoid})
    cells = unsafe_pointer_to_objref(page)::Vector{Any}
    cells[i] = unsafe_pointer_to_objref(value)
    return nothing
end
