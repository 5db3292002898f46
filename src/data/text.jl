# SPDX-License-Identifier: MIT
#
# Values as text (text.c).

function show_text(@nospecialize(value), failed::Failed)
    try
        return String(repr(value))::String
    catch
        return rare_failure(failed)
    end
end

function print_text(@nospecialize(value), failed::Failed)
    try
        return String(string(value))::String
    catch
        return rare_failure(failed)
    end
end
