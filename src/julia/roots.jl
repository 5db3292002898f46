# SPDX-License-Identifier: MIT
#
# Storing into pages of what tasks keep (roots.c).

# Not specialized: a method for Int64 would take value out of its box and put another box into the page.
page_store(page::Any, i::Csize_t, @nospecialize(value)) = (@inbounds((page::Vector{Any})[i] = value); nothing)
