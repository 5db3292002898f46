# SPDX-License-Identifier: MIT
#
# Evaluating code, and failures as text (calls.c).

# As `julia -e` does: statement by statement, so that one may use the macros that another on the same line has brought.
# Where modules may choose their syntax, Main's counts.
const PARSED_FOR = hasmethod(Base.parse_input_line, Tuple{String}, (:mod,)) ? (mod=Main,) : NamedTuple()

# bootstrap_parser_is_unsafe (bootstrap.h)
const PARSER_IS_UNSAFE = VERSION < VersionNumber(1, 7)

function eval_code(code::Ptr{UInt8}, failed::Failed)
    try
        PARSER_IS_UNSAFE && ccall(:jl_sigatomic_begin, Cvoid, ()) # until it returns or throws
        value = Core.eval(Main, Base.parse_input_line(unsafe_string(code); filename="jlt_eval", PARSED_FOR...))
        PARSER_IS_UNSAFE && ccall(:jl_sigatomic_end, Cvoid, ())
        return value
    catch
        return failure(failed)
    end
end

# Exceptions of the user's may fail to show themselves; then their type must do.
function shown(exception)
    try
        return sprint(showerror, exception)
    catch
        return string(nameof(typeof(exception)), " (its showerror failed)")
    end
end

# What the wrappers say: "b.jl:2, included at a.jl:5". Code given to jlt_eval is no file.
function place(exception)
    text = ""
    while exception isa LoadError
        if exception.file != "jlt_eval"
            text = string(exception.file, ':', exception.line, isempty(text) ? "" : ", included at ", text)
        end
        exception = exception.error
    end
    return text
end

function shown_with_place(exception)
    where = place(exception)
    return isempty(where) ? shown(unwrapped(exception)) : string(shown(unwrapped(exception)), "\nat ", where)
end

typename(exception) = string(nameof(typeof(exception)))

# What is at an address does not change, and looking it up takes a millisecond, with the debug information's own state
# that Julia does not guard (1.5: two threads at once crash). A stack overflow has 80,000 entries.
const FRAMES = Dict{Ptr{Cvoid},Vector{StackTraces.StackFrame}}()
const FRAMES_LOCK = ReentrantLock()
const MOST_FRAMES = 10000
const MOST_ENTRIES = 500

function frames_at(entry)
    entry isa Ptr || return StackTraces.lookup(entry)
    length(FRAMES) < MOST_FRAMES || empty!(FRAMES)
    return get!(() -> StackTraces.lookup(entry), FRAMES, entry)
end

function trace_text(io::IO, trace)
    number = 0
    for entry in Iterators.take(trace, MOST_ENTRIES)
        for frame in lock(() -> frames_at(entry), FRAMES_LOCK)
            frame.from_c && continue
            occursin("jltask:", string(frame.file)) && return # the rest is jltask's own
            number += 1
            println(io, " [", number, "] ", frame.func, " at ", frame.file, ":", frame.line)
            number == 100 && return
        end
    end
end

# For C, where a NUL would be the end.
visible(text::String) = '\0' in text ? Base.invokelatest(replace, text, '\0' => "\\0")::String : text

const STATUS_NO_MEMORY = 10

# Also where a task of Julia's had none, and who waited for it is told so. That may be nested, not without end.
function is_out_of_memory(exception, depth = 0)
    exception = unwrapped(exception)
    exception isa OutOfMemoryError && return true
    depth == 10 && return false
    exception isa CompositeException && return any(e -> is_out_of_memory(e, depth + 1), exception.exceptions)
    exception isa CapturedException && return is_out_of_memory(exception.ex, depth + 1)
    exception isa TaskFailedException && return is_out_of_memory(exception.task.exception, depth + 1)
    return false
end

function describe_failure(f::Failure, sink::Ptr{Cvoid}, error::Ptr{Cvoid})
    status, message, type, trace = f.status, f.message, "", ""
    if !isempty(f.stack)
        thrown = f.stack[end][1]
        is_out_of_memory(thrown) && (status = STATUS_NO_MEMORY)
        message = shown_with_place(thrown)
        type = try typename(unwrapped(thrown)) catch; "" end
        trace = try
            sprint() do io
                for (i, (e, t)) in enumerate(reverse(f.stack))
                    i > 1 && println(io, "caused by: ", shown_with_place(e))
                    trace_text(io, t)
                end
            end
        catch
            ""
        end
    end
    message, type, trace = visible(message), visible(type), visible(trace)
    ccall(sink, Cvoid, (Ptr{Cvoid}, Cint, Ptr{UInt8}, Csize_t, Ptr{UInt8}, Csize_t, Ptr{UInt8}, Csize_t), error,
          status, message, sizeof(message), type, sizeof(type), trace, sizeof(trace))
    return nothing
end

# Does not call the sink where even that fails.
function describe(failure::Any, sink::Ptr{Cvoid}, error::Ptr{Cvoid})
    try
        describe_failure(failure::Failure, sink, error)
    catch
    end
    return nothing
end
