/* SPDX-License-Identifier: MIT
 *
 * Text that grows, in memory or on its way to a file descriptor. Names are any bytes, so they are quoted as the format
 * asks; what is not UTF-8 becomes U+FFFD, since neither format allows it. */
#ifndef JLT_BASE_OUT_H
#define JLT_BASE_OUT_H

#include <jltask.h>

struct out {
    char *text; /* ended by a NUL once something was written; the caller's to free */
    size_t length, room;
    int descriptor; /* where the text goes when there is much of it, and at out_flush; negative: nowhere */
    int error;      /* an errno, the first; nothing is written after it */
};

JLT_PRINTF(2, 3) void out_format(struct out *out, const char *format, ...);
void out_bytes(struct out *out, const char *bytes, size_t count);

enum quoting { QUOTE_JSON, QUOTE_PROMETHEUS };

/* The text between the format's quotes, which are not written. */
void out_quoted(struct out *out, const char *text, enum quoting quoting);

/* Writes what is there to the descriptor. */
void out_flush(struct out *out);

#endif
