/* SPDX-License-Identifier: MIT */
#include "base/out.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { flush_at = 1 << 16 };

/* Whether there is room for so many more bytes and a NUL. */
static bool has_room(struct out *out, size_t more)
{
    size_t room = out->room ? out->room : 4096;
    if (out->error)
        return false;
    if (out->length + more < out->room)
        return true;
    while (room <= out->length + more)
        room *= 2;
    char *text = realloc(out->text, room);
    if (!text) {
        out->error = ENOMEM;
        return false;
    }
    out->text = text;
    out->room = room;
    return true;
}

static bool wait_writable(int descriptor)
{
    struct pollfd wait = {.fd = descriptor, .events = POLLOUT};
    return poll(&wait, 1, -1) >= 0 || errno == EINTR;
}

void out_flush(struct out *out)
{
    for (size_t written = 0; written < out->length && !out->error;) {
        ssize_t count = write(out->descriptor, out->text + written, out->length - written);
        if (count >= 0)
            written += (size_t)count;
        else if (errno != EINTR && !(errno == EAGAIN && wait_writable(out->descriptor)))
            out->error = errno;
    }
    out->length = 0;
}

void out_bytes(struct out *out, const char *bytes, size_t count)
{
    if (!has_room(out, count))
        return;
    memcpy(out->text + out->length, bytes, count);
    out->length += count;
    out->text[out->length] = 0;
    if (out->descriptor >= 0 && out->length >= flush_at)
        out_flush(out);
}

void out_format(struct out *out, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        out_bytes(out, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* How many bytes the UTF-8 sequence at text has; 0: it is none (Unicode 15, table 3-7). */
static size_t sequence_at(const unsigned char *text)
{
    unsigned char first = text[0], low = 0x80, high = 0xbf;
    size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (first == 0xe0 || first == 0xf0)
        low = first == 0xe0 ? 0xa0 : 0x90;
    if (first == 0xed || first == 0xf4)
        high = first == 0xed ? 0x9f : 0x8f;
    for (size_t i = 1; i < length; i++) {
        if (text[i] < low || text[i] > high) /* also a NUL, the text's end */
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

static void quote_byte(struct out *out, char byte, enum quoting quoting)
{
    if (byte == '"' || byte == '\\')
        out_format(out, "\\%c", byte);
    else if (byte == '\n')
        out_format(out, "\\n");
    else if (quoting == QUOTE_JSON && (unsigned char)byte < 0x20)
        out_format(out, "\\u%04x", (unsigned)byte);
    else
        out_bytes(out, &byte, 1);
}

void out_quoted(struct out *out, const char *text, enum quoting quoting)
{
    while (*text) {
        size_t length = sequence_at((const unsigned char *)text);
        if (length == 1)
            quote_byte(out, *text, quoting);
        else if (length)
            out_bytes(out, text, length);
        else
            out_bytes(out, "\xef\xbf\xbd", 3);
        text += length ? length : 1;
    }
}
