# SPDX-License-Identifier: MIT
#
# Suspending a body (engine.c).

# Returns when the current task has been scheduled by engine.c, and not before.
function wait_scheduled()
    while true
        try
            wait()
            return
        catch # thrown at this task by somebody else: not ours
        end
    end
end

# Waits for one schedule_task. timed_out(parker) is called if that did not come within ns; then it makes it come.
function suspend_fiber(parker::Ptr{Cvoid}, timed_out::Ptr{Cvoid}, ns::Int64)
    state = Threads.Atomic{Int}(0) # 0: waiting, 1: the timer came first, 2: the wake-up did, 3: the timer is done
    timer = Timer(ns / 1e9) do _
        if Threads.atomic_cas!(state, 0, 1) == 0
            ccall(timed_out, Cvoid, (Ptr{Cvoid},), parker)
            state[] = 3
        end
    end
    wait_scheduled()
    if Threads.atomic_cas!(state, 0, 2) != 0
        while state[] != 3
            GC.safepoint()
        end
    end
    close(timer)
    return nothing
end
