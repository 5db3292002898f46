/* SPDX-License-Identifier: MIT
 *
 * Places that bpftrace, perf and SystemTap can hook into (USDT), in builds on a system with <sys/sdt.h>. Each is one
 * instruction that does nothing, and a note in the library of where it is and where its arguments are:
 *
 *   jltask:send (type)             a message or a one-shot is sent
 *   jltask:body_begin (type)       its body begins
 *   jltask:body_end (type, status) ... has ended: a jlt_status
 *   jltask:suspend ()              a body waits
 *   jltask:resume ()               ... goes on
 *   jltask:collection (ns)         a collection has ended: its pause
 *
 * type: the type's name, text. */
#ifndef JLT_CORE_PROBES_H
#define JLT_CORE_PROBES_H

#if defined(__has_include)
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define PROBE(name) DTRACE_PROBE(jltask, name)
#define PROBE1(name, a) DTRACE_PROBE1(jltask, name, a)
#define PROBE2(name, a, b) DTRACE_PROBE2(jltask, name, a, b)
#endif
#endif

#ifndef PROBE
#define PROBE(name) ((void)0)
#define PROBE1(name, a) ((void)0)
#define PROBE2(name, a, b) ((void)0)
#endif

#endif
