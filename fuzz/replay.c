/* Replay: runs a fuzz target on the files of folders, as a plain test.
 *
 * Linked with any *_fuzz.c where there is no fuzzer: what once broke a target stays a test of every
 * build. Prints TAP, one line a file; a target that fails ends the program. */
#include "base/arena.h"

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LARGEST_BYTES ((size_t)1 << 20)

/* Memory of exactly the file's size, so that a sanitizer sees a read past it. */
static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return 1;
    uint8_t *bytes = mem_alloc(LARGEST_BYTES);
    size_t size = fread(bytes, 1, LARGEST_BYTES, file);
    fclose(file);
    bytes = mem_realloc(bytes, size ? size : 1);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return 0;
}

static int replay_folder(const char *folder, int *count)
{
    struct dirent **entries;
    int found = scandir(folder, &entries, NULL, alphasort), failed = found < 0;
    for (int i = 0; i < found; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            int bad = replay(path);
            printf("%sok %d - %s\n", bad ? "not " : "", ++*count, entries[i]->d_name);
            fflush(stdout);
            failed |= bad;
        }
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    return failed;
}

int main(int argc, char **argv)
{
    int count = 0, failed = 0;
    printf("TAP version 13\n");
    for (int i = 1; i < argc; i++)
        failed |= replay_folder(argv[i], &count);
    printf("1..%d\n", count);
    return failed || !count;
}
