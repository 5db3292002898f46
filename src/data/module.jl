# SPDX-License-Identifier: MIT
#
# Files, packages, projects and modules (module.c). What is defined here is read back by evaluating code, never through
# a binding that this file's own code was compiled with: from Julia 1.12 on bindings have a world age, as methods have.

# Before 1.9 Julia does not guard the loading of packages against other threads; a module is defined by one task.
const LOADING = ReentrantLock()

function include_file(path::Ptr{UInt8}, failed::Failed)
    try
        file = abspath(expanduser(unsafe_string(path)))
        isfile(file) || return failure(failed, STATUS_NOT_FOUND, "jlt_include: no file $file")
        return Base.include(Main, file)
    catch
        return failure(failed)
    end
end

# ---- packages ---------------------------------------------------------------------------------------------------

is_name(text) = Base.isidentifier(text) && Meta.parse(text, raise=false) isa Symbol

project_in_use() = something(Base.active_project(), "none")

# Why a package of that name cannot be loaded, or nothing.
function missing_package(name::String)
    package = Base.identify_package(name)
    package === nothing && return string(
        "jlt_using: no package $name in the project in use ($(project_in_use())) nor elsewhere on the load path: ",
        "add it with Pkg.add(\"$name\"), or use its project (jlt_activate, options.project)")
    (haskey(Base.loaded_modules, package) || Base.locate_package(package) !== nothing) && return nothing
    return string("jlt_using: package $name is not installed, though the project in use ($(project_in_use())) names ",
                  "it: run Pkg.instantiate() there")
end

function use_package(path::Ptr{UInt8}, failed::Failed)
    try
        text = unsafe_string(path)
        names = split(text, '.')
        all(is_name, names) ||
            return failure(failed, STATUS_INVALID_ARGUMENT, "jlt_using: \"$text\" is not the name of a package")
        symbols = Symbol.(names)
        # a module that Main has, if no package is called so
        own = Base.identify_package(String(names[1])) === nothing && isdefined(Main, symbols[1]) &&
              Core.eval(Main, symbols[1]) isa Module
        why = own ? nothing : missing_package(String(names[1]))
        why === nothing || return failure(failed, STATUS_NOT_FOUND, why)
        lock(LOADING)
        try
            Core.eval(Main, Expr(:using, own ? Expr(:., :., symbols...) : Expr(:., symbols...)))
        finally
            unlock(LOADING)
        end
        # Main has no name for A where A.B was asked for
        root = own ? Core.eval(Main, symbols[1]) : Base.loaded_modules[Base.identify_package(String(names[1]))]
        return foldl((m, name) -> Core.eval(m, name), symbols[2:end], init=root)
    catch
        return failure(failed)
    end
end

# ---- projects ---------------------------------------------------------------------------------------------------

# The project file that a path means, or nothing.
function project_file(path::String)
    isfile(path) && endswith(path, ".toml") && return path
    for name in ("JuliaProject.toml", "Project.toml")
        isfile(joinpath(path, name)) && return joinpath(path, name)
    end
    return nothing
end

function activate(path::Ptr{UInt8}, failed::Failed)
    try
        text = abspath(expanduser(unsafe_string(path)))
        file = project_file(text)
        file === nothing && return failure(failed, STATUS_NOT_FOUND,
            isdir(text) ? "jlt_activate: no Project.toml in $text" :
            isfile(text) ? "jlt_activate: $text is no project file" : "jlt_activate: no file or folder $text")
        if isdefined(Base, :set_active_project) # since 1.8
            Base.set_active_project(file)
        else
            Base.ACTIVE_PROJECT[] = file
        end
        return nothing
    catch
        return failure(failed)
    end
end

# ---- modules ----------------------------------------------------------------------------------------------------

const MODULES = Dict{String,Tuple{String,Module}}()

# A module that is named in Main only when all of its code has run: what fails leaves nothing behind.
function new_module(name::String, code::String)
    symbol = Symbol(name)
    m = Module(symbol)
    Core.eval(m, :(eval(expression) = Core.eval($m, expression)))
    Core.eval(m, :(include(path) = Base.include($m, path)))
    include_string(m, code, name)
    Core.eval(m, :(isdefined($m, :__init__) && __init__()))
    Core.eval(Main, :(const $symbol = $m))
    return m
end

function module_once(name_bytes::Ptr{UInt8}, code_bytes::Ptr{UInt8}, failed::Failed)
    try
        name, code = unsafe_string(name_bytes), unsafe_string(code_bytes)
        is_name(name) ||
            return failure(failed, STATUS_INVALID_ARGUMENT, "jlt_module_once: \"$name\" is not a name for a module")
        lock(LOADING)
        try
            known = get(MODULES, name, nothing)
            if known !== nothing
                known[1] == code || return failure(failed, STATUS_INVALID_ARGUMENT,
                    "jlt_module_once: module $name has been defined from another text")
                return known[2]
            end
            Base.invokelatest(isdefined, Main, Symbol(name)) && return failure(failed, STATUS_INVALID_ARGUMENT,
                "jlt_module_once: Main.$name is something else already")
            m = new_module(name, code)
            MODULES[name] = (code, m)
            return m
        finally
            unlock(LOADING)
        end
    catch
        return failure(failed)
    end
end
