# SPDX-License-Identifier: MIT
#
# What Julia uses (settings.c): looked up when this file is evaluated, by code that Julia interprets.

# The project in use; none where Julia may not look into the folders that it searches for one.
const SETTING_PROJECT = try
    something(Base.active_project(), "")
catch
    ""
end

const SETTING_NUMBERS = let options = Base.JLOptions()
    Int64[
        isdefined(Threads, :threadpoolsize) ? Threads.threadpoolsize(:interactive) :
            isdefined(Threads, :threadpool) ? Threads.nthreads(:interactive) : 0,
        # the first counts those of Julia's own collector only
        isdefined(Threads, :ngcthreads) ? max(Threads.ngcthreads(), options.nmarkthreads) : 1,
        options.opt_level,
        options.check_bounds, # 0: as the code says, 1: yes, 2: no
        hasfield(Base.JLOptions, :heap_size_hint) ? min(options.heap_size_hint, typemax(Int64)) : 0]
end

# In the order of the struct's texts in settings.c.
const SETTING_TEXTS = String[
    joinpath(Sys.BINDIR, Base.julia_exename()),
    unsafe_string(Base.JLOptions().image_file),
    SETTING_PROJECT,
    join(DEPOT_PATH, ':'),
    join(LOAD_PATH, ':')]

function settings(take::Ptr{Cvoid}, context::Ptr{Cvoid})
    for text in SETTING_TEXTS
        ccall(take, Cvoid, (Ptr{Cvoid}, Ptr{UInt8}), context, text)
    end
    return pointer(SETTING_NUMBERS)
end
