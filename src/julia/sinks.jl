# SPDX-License-Identifier: MIT
#
# Julia's log and output, given to C (sinks.c). Each sink is called by one task at a time. Both streams have one lock,
# so that what one print writes stays together; while C is called nothing switches tasks.

const CoreLogging = Base.CoreLogging

# ---- the log ----------------------------------------------------------------------------------------------------

struct SinkLogger <: CoreLogging.AbstractLogger
    sink::Ptr{Cvoid}
    min_level::CoreLogging.LogLevel
    left::Dict{Any,Int} # of messages with maxlog, by id
    lock::ReentrantLock
end

CoreLogging.min_enabled_level(logger::SinkLogger) = logger.min_level
CoreLogging.shouldlog(logger::SinkLogger, level, _module, group, id) = true
# what a message's own code throws is logged as an error, and its body goes on
CoreLogging.catch_exceptions(logger::SinkLogger) = true

# Values of the user's may fail to show themselves.
function log_text(value)
    try
        value isa Exception && return sprint(showerror, value)
        value isa Tuple{Exception,Any} && return sprint(showerror, value[1])
        return sprint(print, value; context=:limit => true)
    catch e
        return string("(showing a ", nameof(typeof(value)), " threw ", nameof(typeof(e)), ")")
    end
end

level_name(level) = level == CoreLogging.Warn ? "Warn" : string(level)

# Whether a message that is wanted `most` times is still wanted.
function is_left(logger::SinkLogger, id, most)
    most isa Integer || return true
    left = get!(logger.left, id, Int(most))
    logger.left[id] = left - 1
    return left > 0
end

function CoreLogging.handle_message(logger::SinkLogger, level, message, _module, group, id, file, line; maxlog=nothing,
                                    kwargs...)
    std_level = convert(CoreLogging.LogLevel, level)
    lock(logger.lock)
    wanted = try is_left(logger, id, maxlog) finally unlock(logger.lock) end
    wanted || return nothing
    keys, values = String[], String[]
    for (key, value) in kwargs
        push!(keys, string(key))
        push!(values, log_text(value))
    end
    line_number = line isa Integer ? Cint(clamp(line, 0, typemax(Cint))) : Cint(0)
    name = level isa CoreLogging.LogLevel ? level_name(level) : log_text(level)
    texts = String[name, log_text(message), _module === nothing ? "" : string(_module),
                   group === nothing ? "" : string(group), id === nothing ? "" : string(id),
                   file === nothing ? "" : string(file)]
    lock(logger.lock)
    try
        GC.@preserve keys values begin
            key_pointers = Ptr{UInt8}[pointer(key) for key in keys]
            value_pointers = Ptr{UInt8}[pointer(value) for value in values]
            ccall(logger.sink, Cvoid,
                  (Cint, Ptr{UInt8}, Ptr{UInt8}, Ptr{UInt8}, Ptr{UInt8}, Ptr{UInt8}, Ptr{UInt8}, Cint,
                   Ptr{Ptr{UInt8}}, Ptr{Ptr{UInt8}}, Csize_t),
                  std_level.level, texts[1], texts[2], texts[3], texts[4], texts[5], texts[6], line_number,
                  key_pointers, value_pointers, length(keys))
        end
    finally
        unlock(logger.lock)
    end
    return nothing
end

function open_log(sink::Ptr{Cvoid}, level::Cint, failed::Failed)
    try
        CoreLogging.global_logger(SinkLogger(sink, CoreLogging.LogLevel(level), Dict{Any,Int}(), ReentrantLock()))
        return nothing
    catch
        return start_failure(failed)
    end
end

# ---- output -----------------------------------------------------------------------------------------------------

const OUTPUT_LOCK = ReentrantLock()

struct SinkIO <: IO
    sink::Ptr{Cvoid}
    stream::Cint
end

Base.lock(::SinkIO) = lock(OUTPUT_LOCK)
Base.unlock(::SinkIO) = unlock(OUTPUT_LOCK)
Base.isopen(::SinkIO) = true
Base.isreadable(::SinkIO) = false
Base.iswritable(::SinkIO) = true
Base.flush(::SinkIO) = nothing
Base.close(::SinkIO) = nothing
Base.eof(::SinkIO) = true
Base.write(io::SinkIO, byte::UInt8) = write(io, Ref(byte))

# Children of the process inherit its own streams.
Base.setup_stdio(io::SinkIO, ::Bool) = (RawFD(io.stream), false)

function Base.unsafe_write(io::SinkIO, bytes::Ptr{UInt8}, count::UInt)
    count == 0 && return 0
    lock(OUTPUT_LOCK)
    try
        ccall(io.sink, Cvoid, (Cint, Ptr{UInt8}, Csize_t), io.stream, bytes, count)
    finally
        unlock(OUTPUT_LOCK)
    end
    return Int(count)
end

const REPLACED = IO[devnull, devnull] # Julia's own streams, which are the process's

function set_stream(io::SinkIO)
    name = io.stream == 1 ? :stdout : :stderr
    Core.eval(Base, :(global $name = $io))
    return io
end

# Code that redirects a stream for a while changes the file descriptor too, and ends by giving the sink back.
function redirect_back(redirect, io::SinkIO)
    redirect(REPLACED[io.stream])
    return set_stream(io)
end

if isdefined(Base, :RedirectStdStream) # since 1.7
    (redirect::Base.RedirectStdStream)(io::SinkIO) = redirect_back(redirect, io)
else
    Base.redirect_stdout(io::SinkIO) = redirect_back(redirect_stdout, io)
    Base.redirect_stderr(io::SinkIO) = redirect_back(redirect_stderr, io)
end

# A logger that has kept stderr, as Julia's own has until 1.5, should write to the new one.
function renew_logger()
    logger = CoreLogging.global_logger()
    try
        if hasfield(typeof(logger), :stream) && hasfield(typeof(logger), :min_level)
            CoreLogging.global_logger(typeof(logger)(stderr, logger.min_level))
        end
    catch # another kind of logger
    end
end

# Only Julia's own variables are set: the process's file descriptors belong to the host.
function open_output(sink::Ptr{Cvoid}, failed::Failed)
    try
        REPLACED[1], REPLACED[2] = stdout, stderr
        set_stream(SinkIO(sink, 1))
        set_stream(SinkIO(sink, 2))
        isdefined(Base.Multimedia, :reinit_displays) && Base.Multimedia.reinit_displays()
        renew_logger()
        return nothing
    catch
        return start_failure(failed)
    end
end
