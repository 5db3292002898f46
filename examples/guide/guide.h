/* What the guide's programs share: every status is looked at. */
#include <jltask.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        jlt_status status_ = (call);                                                                                   \
        if (status_ != JLT_OK) {                                                                                       \
            fprintf(stderr, "%s: %s: %s\n", #call, jlt_status_name(status_), jlt_error_message());                     \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                    \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)
