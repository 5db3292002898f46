# SPDX-License-Identifier: MIT
#
# Equality and hashes (compare.c).

function no_answer(function_name, @nospecialize(left), @nospecialize(right), @nospecialize(answer), failed::Failed)
    message = "$function_name of a $(typeof(left)) and a $(typeof(right)) is a $(typeof(answer)), not a Bool"
    return failure(failed, STATUS_TYPE_MISMATCH, message)
end
rare_no_answer = no_answer

function equal(@nospecialize(left), @nospecialize(right), result::Ptr{Cint}, failed::Failed)
    try
        answer = left == right
        answer isa Bool || return rare_no_answer("jlt_equal: ==", left, right, answer, failed)
        unsafe_store!(result, Cint(answer))
        return nothing
    catch
        return rare_failure(failed)
    end
end

function equal_keys(@nospecialize(left), @nospecialize(right), result::Ptr{Cint}, failed::Failed)
    try
        answer = isequal(left, right)
        answer isa Bool || return rare_no_answer("jlt_isequal: isequal", left, right, answer, failed)
        unsafe_store!(result, Cint(answer))
        return nothing
    catch
        return rare_failure(failed)
    end
end

identical(@nospecialize(left), @nospecialize(right)) = Cint(left === right)

function hash_of(@nospecialize(value), result::Ptr{UInt64}, failed::Failed)
    try
        unsafe_store!(result, UInt64(hash(value)::UInt))
        return nothing
    catch
        return rare_failure(failed)
    end
end
