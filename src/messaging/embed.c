/* Embed: writes the files of a folder as a C source (web_assets.h). Runs at build time.
 *
 *   embed FOLDER OUT.c DEPFILE
 *
 * Takes every file whose type is in the table; the dependency file names them all and the folder,
 * so that a changed, new or removed file is noticed without a list in the build description. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".webmanifest", "application/manifest+json"},
};

static const char *type_of(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t ending = strlen(types[i].ending);
        if (len > ending && strcmp(name + len - ending, types[i].ending) == 0)
            return types[i].type;
    }
    return NULL;
}

static int is_asset(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && type_of(entry->d_name);
}

static FILE *open_or_die(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

/* The bytes as a list of numbers: a string literal may not be that long. */
static long write_content(FILE *out, const char *folder, const char *name, int index)
{
    char path[4096];
    long size = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = open_or_die(path, "rb");
    fprintf(out, "\n/* %s */\nstatic const unsigned char content_%d[] = {", name, index);
    for (int c; (c = getc(in)) != EOF; size++)
        fprintf(out, size % 24 ? "%d," : "\n    %d,", c);
    fputs("\n    0};\n", out);
    fclose(in);
    return size;
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    if (argc != 4) {
        fputs("usage: embed FOLDER OUT.c DEPFILE\n", stderr);
        return 2;
    }
    int count = scandir(argv[1], &entries, is_asset, alphasort);
    if (count < 0) {
        perror(argv[1]);
        return 1;
    }
    FILE *out = open_or_die(argv[2], "w"), *depfile = open_or_die(argv[3], "w");
    fputs("#include \"messaging/web_assets.h\"\n", out);
    fprintf(depfile, "%s: %s", argv[2], argv[1]);
    long *sizes = calloc((size_t)count + 1, sizeof *sizes);
    for (int i = 0; i < count; i++) {
        sizes[i] = write_content(out, argv[1], entries[i]->d_name, i);
        fprintf(depfile, " \\\n  %s/%s", argv[1], entries[i]->d_name);
    }
    fputs("\nconst struct web_asset web_assets[] = {\n", out);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        fprintf(out, "    {STR_INIT(\"%s\"), STR_INIT(\"%s\"), {(const char *)content_%d, %ld}},\n",
                name, type_of(name), i, sizes[i]);
        free(entries[i]);
    }
    free(entries);
    free(sizes);
    /* The last row is empty: the table is never without one. */
    fprintf(out, "    {{\"\", 0}, {\"\", 0}, {\"\", 0}}};\nconst size_t web_asset_count = %d;\n",
            count);
    fputc('\n', depfile);
    return fclose(out) != 0 || fclose(depfile) != 0;
}
