/* Local client: the engine in this process, without HTTP. */
#pragma once

#include "client/client.h"

struct engine;

/* Does not own the engine. Never fails. */
struct client *client_local_new(struct engine *engine);
