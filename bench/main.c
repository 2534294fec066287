/* cruddur-bench: DynamoDB endpoints side by side.
 *
 *   cruddur-bench [--connections 64] [--seconds 3] [--repetitions 3] [--only get,put]
 *                 NAME=HOST:PORT...
 *
 * Each workload is measured on one endpoint after the other, as often as asked, so that a busy
 * minute of the machine meets all of them; the table shows medians and the ratio to the first
 * endpoint. A run with a wrong answer gets no figure. Exit status 1 when any run was wrong. */
#include "workloads.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ENDPOINTS 8
#define MOST_REPETITIONS 15

struct endpoint {
    struct str name, host;
};

struct settings {
    size_t connections;
    double seconds;
    size_t repetitions;
    struct str only;
    struct endpoint endpoints[MOST_ENDPOINTS];
    size_t endpoint_count;
};

struct cell {
    double rates[MOST_REPETITIONS];
    int64_t p50_us[MOST_REPETITIONS], p99_us[MOST_REPETITIONS];
    size_t runs;
    struct str failure;
};

static int by_rate(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static int by_time(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

static bool is_wanted(struct str only, const char *name)
{
    struct str one;
    if (!only.len)
        return true;
    while (only.len) {
        str_cut(&only, ',', &one);
        if (str_eq(one, str_z(name)))
            return true;
    }
    return false;
}

static void measure(struct arena *a, const struct settings *settings,
                    const struct workload *workload, const struct endpoint *endpoint,
                    struct cell *cell)
{
    void *context;
    struct load_result result = {0};
    struct error *error = workload_prepare(a, endpoint->host, workload, &context);
    struct load load = {
        .host = endpoint->host,
        .target = workload->target,
        .connections = workload->connections ? workload->connections : settings->connections,
        .duration_us = (int64_t)(settings->seconds * 1e6),
        .make = workload->make,
        .check = workload->check,
        .context = context,
    };
    if (!error)
        error = load_run(a, &load, &result);
    if (error || result.wrong) {
        cell->failure = error ? error->message : result.first_wrong;
        return;
    }
    cell->rates[cell->runs] = (double)result.answers / result.seconds;
    cell->p50_us[cell->runs] = result.p50_us;
    cell->p99_us[cell->runs++] = result.p99_us;
}

static double show_cell(struct cell *cell, double reference)
{
    if (cell->failure.len || !cell->runs) {
        printf(" FAILED |");
        return 0;
    }
    qsort(cell->rates, cell->runs, sizeof *cell->rates, by_rate);
    qsort(cell->p50_us, cell->runs, sizeof *cell->p50_us, by_time);
    qsort(cell->p99_us, cell->runs, sizeof *cell->p99_us, by_time);
    size_t middle = cell->runs / 2;
    double rate = cell->rates[middle];
    printf(" %.0f/s", rate);
    if (reference > 0)
        printf(" (%.2f×)", rate / reference);
    printf(", p50 %.2f ms, p99 %.2f ms |", (double)cell->p50_us[middle] / 1e3,
           (double)cell->p99_us[middle] / 1e3);
    return rate;
}

static int run_workload(const struct settings *settings, const struct workload *workload)
{
    struct arena a;
    struct cell cells[MOST_ENDPOINTS] = {0};
    int failures = 0;
    arena_init(&a);
    for (size_t r = 0; r < settings->repetitions; r++)
        for (size_t e = 0; e < settings->endpoint_count; e++)
            if (!cells[e].failure.len)
                measure(&a, settings, workload, &settings->endpoints[e], &cells[e]);
    printf("| %s |", workload->name);
    double reference = 0;
    for (size_t e = 0; e < settings->endpoint_count; e++) {
        double rate = show_cell(&cells[e], reference);
        if (e == 0)
            reference = rate;
    }
    printf("\n");
    for (size_t e = 0; e < settings->endpoint_count; e++)
        if (cells[e].failure.len) {
            fprintf(stderr, "%s, %.*s: %.*s\n", workload->name,
                    STR_ARG(settings->endpoints[e].name), STR_ARG(cells[e].failure));
            failures++;
        }
    fflush(stdout);
    arena_clear(&a);
    return failures;
}

static int usage(void)
{
    fprintf(stderr, "usage: cruddur-bench [--connections N] [--seconds S] [--repetitions R] "
                    "[--only WORKLOAD,…] NAME=HOST:PORT…\n");
    return 2;
}

static bool read_settings(int argc, char **argv, struct settings *s)
{
    static const struct option options[] = {{"connections", required_argument, NULL, 'c'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"repetitions", required_argument, NULL, 'r'},
                                            {"only", required_argument, NULL, 'o'},
                                            {0}};
    uint64_t number;
    *s = (struct settings){.connections = 64, .seconds = 3, .repetitions = 3};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 's')
            s->seconds = strtod(optarg, NULL);
        else if (option == 'o')
            s->only = str_z(optarg);
        else if (option == '?' || !str_to_u64(str_z(optarg), 10000, &number) || !number)
            return false;
        else if (option == 'c')
            s->connections = number;
        else
            s->repetitions = number < MOST_REPETITIONS ? number : MOST_REPETITIONS;
    }
    for (; optind < argc && s->endpoint_count < MOST_ENDPOINTS; optind++) {
        struct str host = str_z(argv[optind]), name;
        if (!str_cut(&host, '=', &name) || !str_contains(host, S(":")))
            return false;
        s->endpoints[s->endpoint_count++] = (struct endpoint){name, host};
    }
    return s->endpoint_count > 0 && optind == argc && s->seconds > 0;
}

int main(int argc, char **argv)
{
    struct settings settings;
    if (!read_settings(argc, argv, &settings))
        return usage();
    for (size_t e = 0; e < settings.endpoint_count; e++) {
        struct arena a;
        arena_init(&a);
        struct error *error = workload_load(&a, settings.endpoints[e].host);
        if (error) {
            fprintf(stderr, "%.*s: %.*s\n", STR_ARG(settings.endpoints[e].name),
                    STR_ARG(error->message));
            return 1;
        }
        arena_clear(&a);
    }
    printf("%zu connections, %g s, median of %zu\n\n| workload |", settings.connections,
           settings.seconds, settings.repetitions);
    for (size_t e = 0; e < settings.endpoint_count; e++)
        printf(" %.*s |", STR_ARG(settings.endpoints[e].name));
    printf("\n|---|");
    for (size_t e = 0; e < settings.endpoint_count; e++)
        printf("---|");
    printf("\n");
    size_t count;
    const struct workload *list = workload_list(&count);
    int failures = 0;
    for (size_t i = 0; i < count; i++)
        if (is_wanted(settings.only, list[i].name))
            failures += run_workload(&settings, &list[i]);
    return failures ? 1 : 0;
}
