# The test julia/info: cmake -DINFO=<jltask-info> -DFAKE=<an installation that is too old> -P info.cmake
#
# jltask-info, for the Julia that the tests use, for one that is none, and for one that does not start. CMake reads the
# JSON, and is strict about it.
cmake_minimum_required(VERSION 3.20)

function(run wanted output)
    execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE text ERROR_VARIABLE errors RESULT_VARIABLE status)
    if(NOT status EQUAL wanted)
        message(SEND_ERROR "${ARGN}: ${status}, not ${wanted}\n${text}${errors}")
    endif()
    set(${output} "${text}" PARENT_SCOPE)
endfunction()

function(expect text part)
    string(FIND "${text}" "${part}" at)
    if(at EQUAL -1)
        message(SEND_ERROR "there is no '${part}' in\n${text}")
    endif()
endfunction()

run(0 text ${INFO})
expect("${text}" "used ")
expect("${text}" "All of it works.")

run(0 json ${INFO} --json)
string(JSON works GET "${json}" works)
string(JSON used GET "${json}" candidates 0 used)
string(JSON threads GET "${json}" settings threads)
string(JSON count LENGTH "${json}" tests)
if(NOT works OR NOT used OR threads LESS 1 OR count LESS 8)
    message(SEND_ERROR "${json}")
endif()

run(0 json ${INFO} --json --no-test)
string(JSON count LENGTH "${json}" tests)
if(NOT count EQUAL 0)
    message(SEND_ERROR "${json}")
endif()

run(2 text ${INFO} --julia=/nowhere)
expect("${text}" "no Julia     no usable Julia: /nowhere: no such executable or folder")
run(2 json ${INFO} --json "--julia=/no \"where\"")
string(JSON reason GET "${json}" candidates 0 reason)
expect("${reason}" "/no \"where\": no such executable or folder")

# the first one named counts, and says so of the others
set(ENV{JLTASK_JULIA} /nowhere)
run(2 text ${INFO})
expect("${text}" "it was named by JLTASK_JULIA")
run(1 text ${INFO} --julia=${FAKE})
expect("${text}" "passed over  /nowhere (JLTASK_JULIA)")
expect("${text}" "options.julia goes before it")
expect("${text}" "FAILED start")
expect("${text}" "1.4.2")
expect("${text}" "Something does not work.")

run(64 text ${INFO} --nonsense)
run(0 text ${INFO} --help)
expect("${text}" "usage:")
