/* SPDX-License-Identifier: MIT
 *
 * A slot is found through the library's relocations. After they are done, the linker makes those read-only that are in
 * the part called RELRO; the others stay writable, since functions may be bound when they are first called. */
#include "platform/imports.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { jump_slot = R_X86_64_JUMP_SLOT, data_slot = R_X86_64_GLOB_DAT, word_slot = R_X86_64_64 };
#elif defined(__aarch64__)
enum { jump_slot = R_AARCH64_JUMP_SLOT, data_slot = R_AARCH64_GLOB_DAT, word_slot = R_AARCH64_ABS64 };
#else
enum { jump_slot = -1, data_slot = -1, word_slot = -1 };
#endif

/* What is looked for, and how often it was found. */
struct search {
    const char *library, *name;
    platform_function *from, *instead;
    size_t count;
};

/* A library's tables. */
struct image {
    ElfW(Addr) base;
    const ElfW(Sym) * symbols;
    const char *strings;
    const ElfW(Rela) * tables[2];
    size_t sizes[2];
    uintptr_t relro, relro_end;
};

static const void *address(const struct image *image, ElfW(Addr) pointer)
{
    /* glibc has added the base already, but where the section is read-only */
    return (const void *)(pointer < image->base ? image->base + pointer : pointer);
}

static void read_dynamic(struct image *image, const ElfW(Dyn) * entry)
{
    for (; entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_SYMTAB:
            image->symbols = address(image, entry->d_un.d_ptr);
            break;
        case DT_STRTAB:
            image->strings = address(image, entry->d_un.d_ptr);
            break;
        case DT_JMPREL:
            image->tables[0] = address(image, entry->d_un.d_ptr);
            break;
        case DT_PLTRELSZ:
            image->sizes[0] = entry->d_un.d_val;
            break;
        case DT_RELA:
            image->tables[1] = address(image, entry->d_un.d_ptr);
            break;
        case DT_RELASZ:
            image->sizes[1] = entry->d_un.d_val;
            break;
        default:
            break;
        }
    }
}

static bool read_image(struct image *image, const struct dl_phdr_info *info)
{
    *image = (struct image){.base = info->dlpi_addr};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_DYNAMIC)
            read_dynamic(image, (const void *)(info->dlpi_addr + header->p_vaddr));
        if (header->p_type == PT_GNU_RELRO) {
            image->relro = info->dlpi_addr + header->p_vaddr;
            image->relro_end = image->relro + header->p_memsz;
        }
    }
    return image->symbols && image->strings;
}

static void bind(const struct image *image, void *slot, platform_function *instead)
{
    uintptr_t at = (uintptr_t)slot, page = at & ~(uintptr_t)(sysconf(_SC_PAGESIZE) - 1);
    size_t length = at + sizeof instead - page;
    bool read_only = at >= image->relro && at < image->relro_end;
    if (read_only && mprotect((void *)page, length, PROT_READ | PROT_WRITE) != 0)
        return;
    memcpy(slot, &instead, sizeof instead);
    if (read_only)
        mprotect((void *)page, length, PROT_READ);
}

static void search_table(struct search *search, const struct image *image, int table)
{
    for (size_t i = 0; i < image->sizes[table] / sizeof *image->tables[table]; i++) {
        const ElfW(Rela) *relocation = &image->tables[table][i];
        int type = (int)ELF64_R_TYPE(relocation->r_info);
        if (type != jump_slot && type != data_slot && type != word_slot)
            continue;
        const ElfW(Sym) *symbol = &image->symbols[ELF64_R_SYM(relocation->r_info)];
        if (symbol->st_shndx != SHN_UNDEF || strcmp(image->strings + symbol->st_name, search->name) != 0)
            continue;
        void *slot = (void *)(image->base + relocation->r_offset);
        platform_function *bound;
        memcpy(&bound, slot, sizeof bound);
        if (search->from && bound != search->from)
            continue;
        search->count++;
        if (search->instead)
            bind(image, slot, search->instead);
    }
}

static int search_library(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    struct search *search = data;
    struct image image;
    const char *slash = strrchr(info->dlpi_name, '/'), *file = slash ? slash + 1 : info->dlpi_name;
    if (strncmp(file, search->library, strlen(search->library)) == 0 && read_image(&image, info)) {
        search_table(search, &image, 0);
        search_table(search, &image, 1);
    }
    return 0;
}

size_t platform_import_replace(const char *library, const char *name, platform_function *from,
                               platform_function *instead)
{
    struct search search = {library, name, from, instead, 0};
    dl_iterate_phdr(search_library, &search);
    return search.count;
}
