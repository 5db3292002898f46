# SPDX-License-Identifier: MIT
#
# The task-local storage of a task that is run on a fiber (identity.c).

set_storage(task::Any, @nospecialize(storage)) = ((task::Task).storage = storage; nothing)
