# The test layout/layers: cmake -DSOURCE=<the project's folder> -P layers.cmake
#
# What the compiler does not see: the direction of the layers, where Julia's and libuv's names may stand, and that the
# documents say what the code does.
cmake_minimum_required(VERSION 3.20)

set(layers base platform core julia data api) # lowest first

function(fail text)
    message(SEND_ERROR "${text}")
endfunction()

# ---- each file in src includes headers of its own layer or of one below, jltask.h, and system headers

set(comment "/\\*([^*]|\\*+[^*/])*\\*+/|//[^\n]*")

function(check_include file own include)
    list(FIND layers ${own} own_index)
    if(include MATCHES "^\"([a-z]+)/[a-z_]+\\.h\"$")
        list(FIND layers ${CMAKE_MATCH_1} index)
        if(index EQUAL -1)
            fail("${file} includes ${include}, which is in no layer")
        elseif(index GREATER own_index)
            fail("${file} includes ${include}: ${CMAKE_MATCH_1} is above ${own}")
        endif()
    elseif(include MATCHES "^<(julia|uv)[a-z_]*\\.h>$|^<(julia|uv)/")
        fail("${file} includes ${include}: jltask is built without Julia's headers")
    elseif(NOT include MATCHES "^<" AND NOT include MATCHES "^\"[a-z_]+\\.inc\"$") # .inc: made by the build
        fail("${file} includes ${include}: write <layer>/<file>.h")
    endif()
endfunction()

function(check_source file)
    file(READ ${SOURCE}/${file} text)
    string(REGEX MATCH "^src/([a-z]+)/" unused ${file})
    set(own ${CMAKE_MATCH_1})
    if(NOT own IN_LIST layers)
        fail("${file} is in no layer")
        return()
    endif()
    string(REGEX REPLACE "${comment}" " " text "${text}")

    string(REGEX MATCHALL "#[ \t]*include[ \t]*[<\"][^>\"\n]*[>\"]" includes "${text}")
    foreach(include IN LISTS includes)
        string(REGEX REPLACE "#[ \t]*include[ \t]*" "" include "${include}")
        check_include(${file} ${own} "${include}")
    endforeach()

    if(NOT own STREQUAL "julia")
        string(REGEX REPLACE "[^A-Za-z0-9_]+" " " words " ${text} ")
        string(REGEX MATCHALL " (jl|uv)_[A-Za-z0-9_]+" names "${words}")
        list(REMOVE_DUPLICATES names)
        foreach(name IN LISTS names)
            fail("${file} names${name}: only src/julia may")
        endforeach()
    endif()
endfunction()

file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/src/*.c ${SOURCE}/src/*.h)
list(LENGTH files count)
if(count LESS 10)
    message(FATAL_ERROR "only ${count} files in ${SOURCE}/src: is SOURCE right?")
endif()
foreach(file IN LISTS files)
    check_source(${file})
endforeach()

# ---- the README's program is the example, and each variable that is read is described

file(READ ${SOURCE}/README.md readme)
file(READ ${SOURCE}/examples/accumulator.c program)
string(FIND "${readme}" "```c\n${program}```\n" at)
if(at EQUAL -1)
    fail("README.md does not show examples/accumulator.c as it is")
endif()

file(READ ${SOURCE}/docs/environment.md environment)
foreach(file IN LISTS files)
    file(READ ${SOURCE}/${file} text)
    string(REGEX MATCHALL "getenv\\(\"[A-Z_]+\"\\)" reads "${text}")
    foreach(read IN LISTS reads)
        string(REGEX REPLACE "getenv\\(\"([A-Z_]+)\"\\)" "\\1" name "${read}")
        string(FIND "${environment}" "`${name}`" at)
        if(at EQUAL -1)
            fail("${file} reads ${name}, which docs/environment.md does not describe")
        endif()
    endforeach()
endforeach()
