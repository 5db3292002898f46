/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "base/checks.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct error *last_error;
static pthread_key_t last_error_key; /* frees last_error when a thread ends */
static bool has_last_error_key;      /* false: the program has used them all up, and errors leak when threads end */
static pthread_once_t last_error_once = PTHREAD_ONCE_INIT;

#define CONSTANT_ERROR(name, text) {JLT_##name, true, text, "", ""},
static struct error constants[] = {JLT_STATUS_MAP(CONSTANT_ERROR)};

static void free_at_thread_exit(void *error)
{
    last_error = NULL;
    error_free(error);
}

static void make_key(void)
{
    has_last_error_key = !pthread_key_create(&last_error_key, free_at_thread_exit);
}

/* Keeps an error, or none, until the thread ends. */
static void set_last_error(struct error *error)
{
    last_error = error;
    if (has_last_error_key)
        pthread_setspecific(last_error_key, error && !error->constant ? error : NULL);
}

struct error *error_constant(jlt_status status)
{
    return &constants[status];
}

struct error *error_new(jlt_status status, struct text message, struct text type, struct text backtrace)
{
    const struct text texts[] = {message, type, backtrace};
    struct error *error = malloc(sizeof *error + message.length + type.length + backtrace.length + 3);
    if (!error)
        return error_constant(JLT_NO_MEMORY);
    COUNT(errors, 1);
    char *at = (char *)(error + 1);
    const char *copies[3];
    for (int i = 0; i < 3; i++) {
        copies[i] = at;
        if (texts[i].length)
            memcpy(at, texts[i].bytes, texts[i].length);
        at[texts[i].length] = '\0';
        at += texts[i].length + 1;
    }
    *error = (struct error){status, false, copies[0], copies[1], copies[2]};
    return error;
}

struct error *error_vformat(jlt_status status, const char *format, va_list arguments)
{
    char buffer[512];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(buffer, sizeof buffer, format, arguments);
    struct error *error;
    if (length < 0) {
        error = error_constant(status);
    } else if ((size_t)length < sizeof buffer) {
        error = error_new(status, (struct text){buffer, (size_t)length}, (struct text){0}, (struct text){0});
    } else {
        char *large = malloc((size_t)length + 1);
        if (large) {
            vsnprintf(large, (size_t)length + 1, format, again);
            error = error_new(status, (struct text){large, (size_t)length}, (struct text){0}, (struct text){0});
            free(large);
        } else {
            error = error_constant(JLT_NO_MEMORY);
        }
    }
    va_end(again);
    return error;
}

struct error *error_format(jlt_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct error *error = error_vformat(status, format, arguments);
    va_end(arguments);
    return error;
}

struct error *error_copy(const struct error *error)
{
    struct error *copy = error_new(error->status, (struct text){error->message, strlen(error->message)},
                                   (struct text){error->type, strlen(error->type)},
                                   (struct text){error->backtrace, strlen(error->backtrace)});
    return copy->status == error->status ? copy : error_constant(error->status);
}

void error_free(struct error *error)
{
    if (!error || error->constant)
        return;
    COUNT(errors, -1);
    free(error);
}

jlt_status error_report(struct error *error)
{
    if (!error)
        return error_none();
    pthread_once(&last_error_once, make_key);
    if (last_error != error)
        error_free(last_error);
    set_last_error(error);
    return error->status;
}

jlt_status error_none(void)
{
    if (last_error) {
        error_free(last_error);
        set_last_error(NULL);
    }
    return JLT_OK;
}

jlt_status error_fail(jlt_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct error *error = error_vformat(status, format, arguments);
    va_end(arguments);
    return error_report(error);
}

struct error *error_detach(void)
{
    struct error *error = last_error;
    if (error)
        set_last_error(NULL);
    return error;
}

void error_attach(struct error *error)
{
    if (error)
        error_report(error);
    else
        error_none();
}

const struct error *error_last(void)
{
    return last_error;
}
