/* SPDX-License-Identifier: MIT
 *
 * The cores that the process may use. */
#ifndef BENCH_CORES_H
#define BENCH_CORES_H

int cores_init(void);     /* how many there are; before any other */
void cores_use_one(void); /* of a process with one thread: from now on it has only the first */

/* Binds the calling thread to the first or the last core, or to all of them again. */
void cores_bind_first(void);
void cores_bind_last(void);
void cores_unbind(void);

#endif
