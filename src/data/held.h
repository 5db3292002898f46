/* SPDX-License-Identifier: MIT
 *
 * Values held for the client side. */
#ifndef JLT_DATA_HELD_H
#define JLT_DATA_HELD_H

/* Makes collections know of held values. Once, on Julia's first thread, before any body. */
void held_open(void);

#endif
