/* SPDX-License-Identifier: MIT
 *
 * Debian's julia 1.5.3 was built with libunwind 1.3. libunwind 1.6 put a field, load_offset, into unw_dyn_info_t, the
 * record by which a JIT compiler announces code, without changing its SONAME; so with it (Debian 12 has 1.6.2) every
 * exception that passes through compiled Julia code crashes, in `julia` itself too:
 *
 *     julia -e 'f() = error(); try f() catch end'        segmentation fault
 *
 * Julia announces its code through _U_dyn_register. Here that one import of libjulia's is redirected to a function
 * that inserts the field. It is done only if libjulia imports the function from a libunwind of its own system, and
 * only if a record made with the old layout is seen to be misread. Official Julia builds bring their own libunwind
 * and are left alone; so is every Julia since 1.6. Without this, embedding on such a system would be a crash at the
 * first exception; docs/decisions/0003-libunwind.md tells what else was considered. */
#include "julia/unwinder.h"

#if defined(__linux__) && defined(__x86_64__)

#include "platform/imports.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* unw_dyn_info_t up to 1.5, in words: next, prev, start_ip, end_ip, gp, format (and padding), then a union of at most
 * four words. Since 1.6 load_offset stands before the union. */
enum { head_words = 6, union_words = 4, words_of_proc_info = 32 };
typedef uint64_t old_record[head_words + union_words];
typedef uint64_t new_record[head_words + 1 + union_words];

static void (*real_register)(void *record);

static void register_converted(uint64_t *old)
{
    uint64_t *record = calloc(1, sizeof(new_record)); /* as long as the code: for good */
    if (!record)
        return; /* frames of that code end a backtrace early */
    memcpy(record, old, head_words * sizeof *record);
    memcpy(record + head_words + 1, old + head_words, union_words * sizeof *record);
    real_register(record);
}

/* Announces a function that is not there, with one value where the old layout has its handler and another where the
 * new one has it, and asks which is read. */
static int reads_new_layout(void *library)
{
    enum { old_handler = head_words + 1, new_handler = head_words + 2, handler_of_proc_info = 3 };
    static uint64_t record[head_words + 1 + union_words];
    static char code[16];
    void (*cancel)(void *) = NULL;
    int (*info_by_ip)(void *, uint64_t, void *, void *) = NULL;
    void *symbols[] = {dlsym(library, "_U_dyn_cancel"), dlsym(library, "_ULx86_64_get_proc_info_by_ip")};
    void **space = dlsym(library, "_ULx86_64_local_addr_space");
    if (!symbols[0] || !symbols[1] || !space)
        return 0;
    memcpy(&cancel, &symbols[0], sizeof cancel);
    memcpy(&info_by_ip, &symbols[1], sizeof info_by_ip);
    uint64_t info[words_of_proc_info] = {0};
    record[2] = (uintptr_t)code;
    record[3] = (uintptr_t)(code + sizeof code);
    record[old_handler] = 1;
    record[new_handler] = 2;
    real_register(record);
    int error = info_by_ip(*space, (uintptr_t)code + 1, info, NULL);
    cancel(record);
    return !error && info[handler_of_proc_info] == 2;
}

void unwinder_repair(void *library)
{
    static const char julia_library[] = "libjulia.so", import[] = "_U_dyn_register";
    void *imported = dlsym(library, import);
    platform_function *bound, *converted = (platform_function *)register_converted;
    memcpy(&bound, &imported, sizeof bound);
    memcpy(&real_register, &imported, sizeof real_register);
    if (imported && platform_import_replace(julia_library, import, bound, NULL) && reads_new_layout(library))
        platform_import_replace(julia_library, import, bound, converted);
}

#else

void unwinder_repair(void *library)
{
    (void)library;
}

#endif
