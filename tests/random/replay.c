/* SPDX-License-Identifier: MIT
 *
 * What libFuzzer does with files, without it: each runs once, or as often as REPLAYS says. A folder stands for the
 * files in it. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int failed, done;

static void run(const char *path)
{
    static uint8_t bytes[1 << 16];
    FILE *file = fopen(path, "rb");
    const char *replays = getenv("REPLAYS");
    if (!file) {
        perror(path);
        failed = 1;
        return;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    fprintf(stderr, "%s\n", path); /* before it may end */
    for (int i = replays ? atoi(replays) : 1; i > 0; i--, done++)
        LLVMFuzzerTestOneInput(bytes, size);
}

static void run_folder(const char *path, DIR *folder)
{
    char name[4096];
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.' && snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < (int)sizeof name)
            run(name);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (!folder) {
            run(argv[i]);
            continue;
        }
        run_folder(argv[i], folder);
        closedir(folder);
    }
    printf("%d runs\n", done);
    return failed || !done;
}
