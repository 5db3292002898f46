/* SPDX-License-Identifier: MIT
 *
 * Bodies of persistent tasks that are Julia functions. */
#ifndef JLT_DATA_BODY_H
#define JLT_DATA_BODY_H

#include "core/type.h"

extern const struct julia_bodies julia_bodies;

#endif
