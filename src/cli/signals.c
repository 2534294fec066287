#include "cli/signals.h"

#include <pthread.h>
#include <signal.h>

static sigset_t ending_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

void signals_block(void)
{
    sigset_t set = ending_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a client that has left is an error of one write */
    signal(SIGXFSZ, SIG_IGN); /* and so is a file at its limit */
}

int signals_wait(void)
{
    sigset_t set = ending_signals();
    int signal_number = 0;
    while (sigwait(&set, &signal_number) != 0)
        ;
    return signal_number;
}
