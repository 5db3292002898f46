# The test layout/probes: cmake -DSOURCE=... -DLIBRARY=<libjltask.so> -DREADELF=... -P probes.cmake
#
# The library has the probes that src/core/probes.h describes, and no others.
cmake_minimum_required(VERSION 3.20)

execute_process(COMMAND ${READELF} -n ${LIBRARY} OUTPUT_VARIABLE notes RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "${READELF} -n ${LIBRARY}: ${status}")
endif()
string(REGEX MATCHALL "Provider: jltask[\r\n]+ +Name: [a-z_]+" found "${notes}")
list(TRANSFORM found REPLACE ".*Name: " "")
list(REMOVE_DUPLICATES found)
file(READ ${SOURCE}/src/core/probes.h text)
string(REGEX MATCHALL "jltask:[a-z_]+ \\(" described "${text}")
list(TRANSFORM described REPLACE "jltask:([a-z_]+) .*" "\\1")
list(SORT found)
list(SORT described)
if(NOT "${found}" STREQUAL "${described}")
    message(FATAL_ERROR "described: ${described}; there are: ${found}")
endif()
