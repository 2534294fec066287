/* Case runner: plays the files of tests/cases and prints TAP, one test for each file and target.
 *
 *     case_runner FILE…                            on an engine in memory
 *     case_runner --disk FILE…                     on an engine in a temporary folder
 *     case_runner --endpoint 127.0.0.1:8000 FILE…  over HTTP, on whatever answers there
 *
 * In process each file gets an engine of its own. Over HTTP the files share the endpoint, so they
 * name their tables apart and delete them. */
#include "case_file.h"
#include "case_match.h"
#include "case_target.h"

#include "base/buf.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_FILE (1u << 20)
#define EVENTUALLY_MS 10000
#define PAUSE_MS 20

struct run {
    bool is_on_disk;
    struct str endpoint; /* empty: in process */
    int number;          /* of the test */
    int failed;
};

static struct error *read_file(struct arena *a, const char *path, struct str *out)
{
    char *text = arena_alloc(a, MAX_FILE);
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_errno(a, "open %s", path);
    *out = (struct str){text, fread(text, 1, MAX_FILE, file)};
    fclose(file);
    return NULL;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Sends one step's request once and compares. */
static struct error *try_step(struct case_target *target, struct arena *a,
                              struct case_variables *variables, const struct case_step *step)
{
    struct case_answer answer;
    struct str why = S("");
    struct str request = case_expand(a, variables, step->request);
    TRY(case_send(target, a, step->operation, request, &answer));
    if (answer.status != step->status)
        return error_new(a, &error_usage, "line %d: %.*s: status %d, expected %d: %.*s", step->line,
                         STR_ARG(step->title), answer.status, step->status, STR_ARG(answer.body));
    struct str expected = case_expand(a, variables, step->answer);
    if (case_match(a, variables, expected, answer.body, &why))
        return NULL;
    return error_new(a, &error_usage, "line %d: %.*s: %.*s", step->line, STR_ARG(step->title),
                     STR_ARG(why));
}

static struct error *play_step(struct case_target *target, struct arena *a,
                               struct case_variables *variables, const struct case_step *step)
{
    struct error *error = try_step(target, a, variables, step);
    for (int waited_ms = 0; error && step->is_eventual && waited_ms < EVENTUALLY_MS;
         waited_ms += PAUSE_MS) {
        pause_ms(PAUSE_MS);
        error = try_step(target, a, variables, step);
    }
    return error;
}

/* Later steps mostly build on earlier ones, so the first failure ends a file. */
static struct error *play_steps(struct case_target *target, struct arena *a,
                                const struct case_file *file)
{
    struct case_variables variables = {0};
    for (size_t i = 0; i < file->count; i++)
        TRY(play_step(target, a, &variables, &file->steps[i]));
    return NULL;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status, (void)type, (void)ftw;
    return remove(path);
}

static struct error *open_target(struct run *run, struct arena *a, char *folder,
                                 struct case_target **out)
{
    if (run->endpoint.len)
        return case_target_http(a, run->endpoint, out);
    if (!run->is_on_disk)
        return case_target_engine(a, NULL, out);
    if (!mkdtemp(folder))
        return error_errno(a, "make a folder");
    return case_target_engine(a, folder, out);
}

static struct error *play_file(struct run *run, struct arena *a, const char *path)
{
    char folder[] = "/tmp/cruddur-case-XXXXXX";
    struct str text;
    struct case_file file;
    struct case_target *target = NULL;
    TRY(read_file(a, path, &text));
    TRY(case_parse(a, text, &file));
    struct error *error = open_target(run, a, folder, &target);
    if (!error)
        error = play_steps(target, a, &file);
    if (target)
        case_target_close(target);
    if (run->is_on_disk)
        nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return error;
}

static void report(struct run *run, const char *path, const struct error *error)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const char *target = run->endpoint.len ? "http" : run->is_on_disk ? "disk" : "memory";
    printf("%s %d - %s on %s\n", error ? "not ok" : "ok", ++run->number, name, target);
    if (error) {
        printf("# %.*s\n", STR_ARG(error->message));
        run->failed++;
    }
    fflush(stdout);
}

static void play_files(struct run *run, char **paths, int count)
{
    for (int i = 0; i < count; i++) {
        struct arena arena;
        arena_init(&arena);
        report(run, paths[i], play_file(run, &arena, paths[i]));
        arena_clear(&arena);
    }
}

int main(int argc, char **argv)
{
    struct run run = {0};
    int first = 1;
    for (; first < argc && argv[first][0] == '-'; first++) {
        if (!strcmp(argv[first], "--disk"))
            run.is_on_disk = true;
        else if (!strcmp(argv[first], "--endpoint") && first + 1 < argc)
            run.endpoint = str_z(argv[++first]);
        else
            return fprintf(stderr, "case_runner: unknown option %s\n", argv[first]), 2;
    }
    printf("TAP version 13\n1..%d\n", argc - first);
    play_files(&run, argv + first, argc - first);
    return run.failed != 0;
}
