/* Signals: how a server command learns that it should end.
 *
 * Call signals_block before any thread starts, so that all of them inherit the mask; then the main
 * thread waits. SIGPIPE and SIGXFSZ are ignored from signals_block on: the writes that they come
 * from fail. */
#pragma once

void signals_block(void);
/* Blocks until SIGINT or SIGTERM comes; answers which. */
int signals_wait(void);
