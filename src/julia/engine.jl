# SPDX-License-Identifier: MIT
#
# Suspending a body (engine.c).

# Waits for one schedule_fiber. timed_out(parker) is called if that did not come within ns; then it makes it come.
function suspend_fiber(parker::Ptr{Cvoid}, timed_out::Ptr{Cvoid}, ns::Int64)
    if ns < 0
        wait_scheduled()
        return nothing
    end
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
