#include "cli/triggers.h"

struct error *triggers_open(struct cli *cli, const struct option_list *flags, struct engine *engine,
                            struct triggers **out)
{
    struct mapping *mappings = arena_array(cli->arena, struct mapping, flags->count + 1);
    for (size_t i = 0; i < flags->count; i++)
        TRY(mapping_parse(cli->arena, str_z(flags->items[i]), &mappings[i]));
    const struct triggers_options options = {.engine = engine,
                                             .mappings = mappings,
                                             .count = flags->count,
                                             .clock = &clock_system,
                                             .rand = &rand_system};
    return triggers_start(cli->arena, &options, out);
}
