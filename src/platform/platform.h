/* SPDX-License-Identifier: MIT
 *
 * What jltask needs of the operating system: one contract, one implementation file a system. */
#ifndef JLT_PLATFORM_H
#define JLT_PLATFORM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- waiting on a word ---- */

/* Sleeps while *word == expected, at most timeout_ns nanoseconds (negative: no limit). May return early. False
 * if the time has passed. */
bool platform_wait(atomic_uint *word, unsigned expected, int64_t timeout_ns);

/* Wakes one thread, or all, that sleep on word. The word's memory may be gone already: then nothing happens, or a
 * stranger sleeping at the same address wakes early, which platform_wait allows. */
void platform_wake_one(atomic_uint *word);
void platform_wake_all(atomic_uint *word);

/* ---- an event that an event loop can poll ---- */

/* A file descriptor that is readable from a set to the next clear. Negative: the negated errno. */
int platform_event_open(void);
void platform_event_set(int event); /* any thread; sets may be merged */
void platform_event_clear(int event);
void platform_event_close(int event);

/* ---- a timer that a thread waits for ---- */

/* Negative: the negated errno. */
int platform_timer_open(void);
void platform_timer_set(int timer, int64_t delay_ns); /* at least 1 ns; any thread; replaces what was set before */
void platform_timer_wait(int timer);                  /* until what was set has passed */
void platform_timer_close(int timer);

/* ---- threads, time, processors ---- */

/* Starts a joinable thread with at least stack_bytes of stack. 0, or an errno. */
int platform_thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *), void *argument);

/* Nanoseconds on a clock that only goes forward. */
int64_t platform_now(void);

/* The same clock as of its last tick, some milliseconds ago at most. */
int64_t platform_now_coarse(void);

/* The calling thread's number in the system. */
int platform_thread_number(void);

/* A number that differs from run to run. */
uint64_t platform_random(void);

/* How many processors this process may use: those that the calling thread may run on, and no more than the quota of its
 * cgroup, which is read once. At least 1. */
int platform_processors(void);

/* ---- memory ---- */

/* Addresses for so many bytes, which take memory where they are written to; NULL if there are none. */
void *platform_reserve(size_t bytes);

/* Returns the memory of whole pages of these; they read as zero from here on. */
void platform_discard(void *pages, size_t bytes);

/* Whether that is memory of a program's or library's own (static), not of a stack or heap. */
bool platform_is_static(const void *address);

/* ---- files, programs, libraries ---- */

/* Whether the process has privileges that the user who started it does not have (a set-user-ID program, say), so that
 * nothing which that user could have chosen may decide what code is loaded. */
bool platform_is_privileged(void);

/* How many more descriptors could be opened; looks no further than `enough`. */
int platform_descriptors_left(int enough);

/* Opens the null device for each of file descriptors 0 to 2 that is closed. */
void platform_open_standard_streams(void);

bool platform_is_file(const char *path);
bool platform_is_folder(const char *path);
bool platform_is_program(const char *path); /* a file that may be executed */

/* The canonical path, malloc'd; NULL if there is none. */
char *platform_real_path(const char *path);

/* Runs a program and collects its standard output (malloc'd, NUL-terminated), its standard error thrown away and
 * its standard input empty. NULL if it could not be run, ended with a failure, or took longer than timeout_ns. */
char *platform_run(const char *const *arguments, int64_t timeout_ns);

/* A shared library, its symbols visible to all; NULL with a malloc'd reason in *error. */
void *platform_library_open(const char *path, char **error);
void *platform_library_symbol(void *library, const char *name);
void platform_library_close(void *library);

/* Calls visit for what each loaded library, but the one that `except` is in, defines by this name, until it returns
 * true. */
void platform_each_definition(const char *name, const void *except, bool (*visit)(const char *path, void *symbol));

#endif
