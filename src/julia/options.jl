# SPDX-License-Identifier: MIT
#
# Options that are not on Julia's command line (options.c).

# Replaces what Julia made of its environment; an empty entry stands for that.
function set_path!(entries::Vector{String}, text::Ptr{UInt8})
    text == C_NULL && return
    own = copy(entries)
    empty!(entries)
    for entry in split(unsafe_string(text), ':')
        paths = isempty(entry) ? own : String[expanduser(entry)]
        for path in paths
            path in entries || push!(entries, path)
        end
    end
end

function set_paths(depot_path::Ptr{UInt8}, load_path::Ptr{UInt8}, failed::Failed)
    try
        set_path!(DEPOT_PATH, depot_path)
        set_path!(LOAD_PATH, load_path)
        return nothing
    catch
        return start_failure(failed)
    end
end

# As `julia --startup-file=yes` does, but Base's own function would end the process when one fails.
function load_startup_files(failed::Failed)
    try
        folders = isempty(Base.SYSCONFDIR) ? String[] : [abspath(Sys.BINDIR, Base.SYSCONFDIR, "julia")]
        push!(folders, abspath(Sys.BINDIR, "..", "etc", "julia"))
        files = filter(isfile, joinpath.(folders, "startup.jl"))[1:min(end, 1)]
        isempty(DEPOT_PATH) || push!(files, abspath(DEPOT_PATH[1], "config", "startup.jl"))
        for file in filter(isfile, files)
            Base.include(Main, file)
        end
        return nothing
    catch
        return start_failure(failed)
    end
end
