# SPDX-License-Identifier: MIT
#
# Setting globals (global.c).

# ---- variables that are there -----------------------------------------------------------------------------------

# A variable of the module's own, which can be assigned and never becomes a constant. Only a name that is resolved is
# looked up: until 1.11 a look-up resolves it to what the module has from others by `using`, for good.
is_variable(m::Module, name::Symbol) = Base.isbindingresolved(m, name) && isdefined(m, name) &&
    Base.binding_module(m, name) === m && !isconst(m, name)

const HAS_TYPES = isdefined(Core, :get_binding_type) # since 1.8

function store(m::Module, name::Symbol, @nospecialize(value))
    HAS_TYPES && (value = convert(Core.get_binding_type(m, name), value))
    ccall(:jl_set_global, Cvoid, (Any, Any, Any), m, name, value)
    return nothing
end

function set_member(@nospecialize(m), @nospecialize(name), path::Ptr{UInt8}, @nospecialize(value), constant::Cint,
                    failed::Failed)
    try
        constant == 0 && m isa Module && is_variable(m, name::Symbol) && return store(m, name::Symbol, value)
        return rare_definition(m, name::Symbol, path, value, constant != 0, failed)
    catch
        return rare_failure(failed)
    end
end

# ---- all others -------------------------------------------------------------------------------------------------

# Two tasks that set one constant: the second finds that of the first.
const SETTING = ReentrantLock()

# What constants that jlt_global remembers are in.
const REMEMBERED = (Base, Core, Base.moduleroot(Core.Compiler))

# Whether the module itself has a constant of this name. One that it has by `using` may be defined there, if Julia
# agrees; not so where constants are remembered. From 1.12 on what a module has depends on the world: invokelatest.
function has_constant(m::Module, name::Symbol)
    return Base.invokelatest(Base.isbindingresolved, m, name) && Base.invokelatest(isconst, m, name) &&
           (Base.invokelatest(Base.binding_module, m, name) === m || Base.moduleroot(m) in REMEMBERED)
end

# By evaluating an assignment, which is all that releases have in common to make what is not there. The value is behind
# a Ref, since the half of Julia's parser that is not Julia would make a copy of an Expr.
function evaluate_assignment(m::Module, name::Symbol, @nospecialize(value), constant::Bool)
    assignment = Expr(:(=), name, Expr(:call, getfield, QuoteNode(Ref{Any}(value)), QuoteNode(:x)))
    Core.eval(m, constant ? Expr(:const, assignment) : assignment)
    return nothing
end

function define_global(m::Module, name::Symbol, @nospecialize(value), constant::Bool)
    lock(SETTING)
    try
        has_constant(m, name) || return evaluate_assignment(m, name, value, constant)
        constant && Base.invokelatest(getfield, m, name) === value && return nothing
        error("invalid redefinition of constant $m.$name")
    finally
        unlock(SETTING)
    end
end

is_global_name(name::String) =
    (Base.isidentifier(name) || Base.isoperator(Symbol(name))) && !all(isequal('_'), name) # which is no variable

function definition(@nospecialize(m), name::Symbol, path::Ptr{UInt8}, @nospecialize(value), constant::Bool,
                    failed::Failed)
    call = constant ? "jlt_set_const" : "jlt_set_global"
    m isa Module || return failure(failed, STATUS_TYPE_MISMATCH,
        "$call: $(unsafe_string(path)): expected a module before $name, got $(typeof(m))")
    is_global_name(String(name)) || return failure(failed, STATUS_INVALID_ARGUMENT,
        "$call: $(unsafe_string(path)): \"$name\" is not the name of a variable")
    return define_global(m, name, value, constant)
end
rare_definition = definition
