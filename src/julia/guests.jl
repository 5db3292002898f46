# SPDX-License-Identifier: MIT
#
# Tasks that wait as guests (guests.c).

# Keeps the current task on its thread. 0: it is kept there anyway.
function pin()
    task = current_task()
    task.sticky && return Cint(0)
    task.sticky = true
    return Cint(1)
end

function unpin()
    current_task().sticky = false
    return nothing
end
