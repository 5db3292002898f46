/* The macro that the guide's programs share: ends the program with the last error's text if a condition is not met. */
#ifndef EXPECT_H
#define EXPECT_H

#include <jltask.h>

#include <stdio.h>
#include <stdlib.h>

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, jlt_error_message());                   \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif
