# The test layout/typed: cmake -DSOURCE=... -DOUT=<a folder> -P typed.cmake
#
# A pointer of a wrong type is an error where typed tasks are used, without an option that makes warnings errors, and
# the message has both types. What is right compiles without a warning.
cmake_minimum_required(VERSION 3.20)

file(MAKE_DIRECTORY ${OUT})

set(beginning "#include <jltask.h>
struct state { int number; };
struct config { int number; };
JLT_PERSISTENT(counter, struct state, struct config, double, float)
JLT_PERSISTENT(other, struct state, void, void, void)
JLT_TASK(square, double, double)
void other_init(jlt_frame *frame, struct state *state, const void *config)
{ (void)frame; (void)state; (void)config; }
void other_run(jlt_frame *frame, struct state *state, const void *input, void *output)
{ (void)frame; (void)state; (void)input; (void)output; }
void other_exit(jlt_frame *frame, struct state *state) { (void)frame; (void)state; }
void square_run(jlt_frame *frame, const double *input, double *output) { (void)frame; *output = *input * *input; }
void counter_init(jlt_frame *frame, struct state *state, const struct config *config)
{ (void)frame; state->number = config->number; }
void counter_exit(jlt_frame *frame, struct state *state) { (void)frame; (void)state; }
")
set(run "void counter_run(jlt_frame *frame, struct state *state, const double *input, float *output)
{ (void)frame; (void)state; *output = (float)*input; }
")

# compile(<name> <code> <types that the message has>...): none: it compiles
function(compile name code)
    foreach(compiler gcc clang g++ clang++)
        find_program(path_${compiler} ${compiler})
        if(NOT path_${compiler})
            continue()
        endif()
        set(standards c11 c17 c2x)
        set(language c)
        if(compiler MATCHES "\\+\\+$")
            if(name STREQUAL "body") # there it is another function: one is missing when the program is linked
                continue()
            endif()
            set(standards c++17)
            set(language c++)
        endif()
        set(warnings)
        if(NOT ARGN)
            set(warnings -Wall -Wextra -Wpedantic -Werror)
        endif()
        file(WRITE ${OUT}/${name}.c "${code}")
        foreach(standard IN LISTS standards)
            execute_process(COMMAND ${path_${compiler}} -x ${language} -std=${standard} ${warnings} -fsyntax-only
                -I${SOURCE}/include ${OUT}/${name}.c RESULT_VARIABLE status ERROR_VARIABLE errors)
            if(NOT ARGN AND NOT status EQUAL 0)
                message(SEND_ERROR "${compiler} -std=${standard} ${name}:\n${errors}")
            elseif(ARGN AND status EQUAL 0)
                message(SEND_ERROR "${compiler} -std=${standard} takes ${name}")
            endif()
            string(REPLACE " *" "*" errors "${errors}") # as g++ writes it
            foreach(type IN LISTS ARGN)
                string(FIND "${errors}" "${type}" at)
                if(at EQUAL -1)
                    message(SEND_ERROR "${compiler} -std=${standard} ${name} does not say '${type}':\n${errors}")
                endif()
            endforeach()
        endforeach()
    endforeach()
endfunction()

function(use name statement)
    compile(${name} "${beginning}${run}void use(jlt_runtime *runtime, counter_task task, other_task no,
        counter_receiver receiver, square_receiver area, int *number, double *real, float *whole);
        void use(jlt_runtime *runtime, counter_task task, other_task no,
        counter_receiver receiver, square_receiver area, int *number, double *real, float *whole)
        { (void)runtime; (void)task; (void)no; (void)receiver; (void)area; (void)number; (void)real; (void)whole;
          ${statement} }\n" ${ARGN})
endfunction()

use(right "struct config config = {1}; counter_spawn(runtime, &config, &task); counter_call(task, real, &receiver);
    counter_recv(receiver, whole); square_invoke(runtime, real, real); other_invoke(no, NULL, NULL);")
use(input "counter_call(task, number, &receiver);" "int*" "double*" "counter_call")
use(output "counter_invoke(task, real, number);" "int*" "float*" "counter_invoke")
use(received "counter_recv(receiver, real);" "double*" "float*" "counter_recv")
use(config "counter_spawn(runtime, number, &task);" "int*" "config" "counter_spawn")
use(task "counter_call(no, real, &receiver);" "other_task" "counter_task")
use(receiver "counter_recv(area, whole);" "square_receiver" "counter_receiver")
use(stored "counter_call(task, real, &area);" "square_receiver" "counter_receiver")
use(none "other_invoke(no, real, NULL);" "double*" "jlt_none")
use(square "square_dispatch(runtime, whole, &area);" "float*" "double*")
compile(body "${beginning}static void counter_run(jlt_frame *frame, struct state *state, const long *input,
    float *output) { (void)frame; (void)state; *output = (float)*input; }\n" "counter_run" "long")
