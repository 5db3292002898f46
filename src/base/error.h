/* SPDX-License-Identifier: MIT
 *
 * A failure as data: a status and up to three texts, in one block, made on one thread and read on another. Each
 * thread keeps the error of its last status-returning call; every such call goes through error_none or one of
 * the functions that set an error, so that the text is never stale. */
#ifndef JLT_BASE_ERROR_H
#define JLT_BASE_ERROR_H

#include <jltask.h>

#include <stdarg.h>

struct error {
    jlt_status status;
    bool constant; /* not to be freed */
    const char *message, *type, *backtrace;
};

struct text {
    const char *bytes;
    size_t length;
};

/* A new error, the caller's. Never NULL: without memory it is a constant JLT_NO_MEMORY. */
struct error *error_new(jlt_status status, struct text message, struct text type, struct text backtrace);
struct error *error_format(jlt_status status, const char *format, ...) JLT_PRINTF(2, 3);
struct error *error_vformat(jlt_status status, const char *format, va_list arguments);

/* A constant error for a status: no allocation, for paths that may be polled. */
struct error *error_constant(jlt_status status);

/* The same, with the same status also where there is no memory for its texts. */
struct error *error_copy(const struct error *error);

/* NULL and constants are ignored. */
void error_free(struct error *error);

/* Makes error the thread's (and owns it from here on); returns its status. NULL: success. */
jlt_status error_report(struct error *error);

/* The thread's last call succeeded. */
jlt_status error_none(void);

/* error_report of error_format. */
jlt_status error_fail(jlt_status status, const char *format, ...) JLT_PRINTF(2, 3);

/* Takes the thread's error off it, for a while in which the thread does something else, and puts it back. */
struct error *error_detach(void);
void error_attach(struct error *error);

/* The thread's error, or NULL after a success. */
const struct error *error_last(void);

#endif
