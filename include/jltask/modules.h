/* SPDX-License-Identifier: MIT
 *
 * Task body: modules and packages. */
#ifndef JLTASK_MODULES_H
#define JLTASK_MODULES_H

#include "frames.h"

JLT_BEGIN_DECLARATIONS

/* All of these act on the whole process: what they define is in Main, for all tasks. Functions defined after the start
 * are seen by tasks that were running before; a redefinition takes effect from the next jlt_call on, in every task. */

/* Evaluates a Julia file in Main and returns the value of its last statement. A relative path begins at the process's
 * working directory, in the file itself at the file's folder. JLT_NOT_FOUND if there is no such file, JLT_EXCEPTION for
 * what it throws and for syntax errors; the message says the file and line, and those of the files that included it. */
JLT_API jlt_value *jlt_include(jlt_frame *frame, const char *path);

/* `using package` in Main: loads the package if it is not loaded, makes the names that it exports visible in Main, and
 * returns its module. "A.B" uses a module of the package. A name that no package has may be that of a module in Main.
 * JLT_NOT_FOUND if the project in use and the load path know no such package, or it is not installed: the message says
 * which project, and what to do. JLT_EXCEPTION if it fails to load: its error, with file and line. Where Julia
 * precompiles the package first, in a process of its own, what goes wrong there is written to the process's standard
 * error, and the exception only says so (the flag "--compiled-modules=no" makes Julia load the source itself).
 * JLT_INVALID_ARGUMENT if it is not a name. */
JLT_API jlt_value *jlt_using(jlt_frame *frame, const char *package);

/* Makes a project the one in use, as options.project does at the start: jlt_using looks packages up in it. project: a
 * folder with a Project.toml or JuliaProject.toml, or that file. Packages that are loaded stay as they are. True on
 * success; JLT_NOT_FOUND if there is no such file. */
JLT_API bool jlt_activate(jlt_frame *frame, const char *project);

/* The module Main.<name>, made of this code by the first call in the process; later calls with the same name and code,
 * from any task, return the same module without evaluating anything. The code is what would stand between `module name`
 * and `end`. A failure leaves nothing of the module behind, so that the call may be made again.
 * JLT_INVALID_ARGUMENT if the name was given another code before, is that of something else in Main, or is not a name;
 * JLT_EXCEPTION for what the code throws, the message with its line. */
JLT_API jlt_value *jlt_module_once(jlt_frame *frame, const char *name, const char *code);

JLT_END_DECLARATIONS

#endif
