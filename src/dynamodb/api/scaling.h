/* Scaling: auto scaling settings, as they are kept and as they are described. Nothing is scaled
 * here.
 *
 * Called by scaling.c and global_tables.c. Pure. Source: API reference, AutoScalingSettingsUpdate
 * and AutoScalingSettingsDescription. */
#pragma once

#include "dynamodb/api/requests.h"
#include "json/writer.h"

/* What is set in `changed` in place of what was; either may be NULL. */
struct scaling_settings *scaling_merge(struct arena *a, const struct scaling_settings *old,
                                       const struct scaling_settings *changed);
/* The member `key`, as a request would have it, which is how it is kept; nothing for NULL. */
void scaling_keep(struct json_writer *w, struct str key, const struct scaling_settings *s);
/* The member `key`, as an answer has it; an empty object for NULL. */
void scaling_describe(struct json_writer *w, struct str key, const struct scaling_settings *s);

/* The list with one index's settings merged in. */
void scaling_merge_index(struct arena *a, index_scaling_list *list,
                         const struct index_scaling *changed);
void scaling_keep_indexes(struct json_writer *w, struct str key, const index_scaling_list *list);
const struct index_scaling *scaling_find_index(const index_scaling_list *list, struct str name);

extern const struct shape scaling_index_state; /* one of that list as it is kept */
