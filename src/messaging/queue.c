#include "messaging/queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

#define LINES 512

/* A line hands out numbers like a shop counter: who comes takes the next one, and waits until it is
 * called. */
struct line {
    pthread_mutex_t lock; /* guards the two numbers */
    pthread_cond_t called;
    uint64_t next, serving;
};

struct queue {
    struct line lines[LINES];
};

struct queue *queue_new(void)
{
    struct queue *queue = mem_zalloc(sizeof *queue);
    for (size_t i = 0; i < LINES; i++) {
        pthread_mutex_init(&queue->lines[i].lock, NULL);
        pthread_cond_init(&queue->lines[i].called, NULL);
    }
    return queue;
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    for (size_t i = 0; i < LINES; i++) {
        pthread_cond_destroy(&queue->lines[i].called);
        pthread_mutex_destroy(&queue->lines[i].lock);
    }
    free(queue);
}

static struct line *line_of(struct queue *queue, struct str name)
{
    return &queue->lines[str_hash(name) % LINES];
}

void queue_enter(struct queue *queue, struct str name)
{
    struct line *line = line_of(queue, name);
    pthread_mutex_lock(&line->lock);
    uint64_t number = line->next++;
    while (line->serving != number)
        pthread_cond_wait(&line->called, &line->lock);
    pthread_mutex_unlock(&line->lock);
}

void queue_leave(struct queue *queue, struct str name)
{
    struct line *line = line_of(queue, name);
    pthread_mutex_lock(&line->lock);
    line->serving++;
    pthread_cond_broadcast(&line->called);
    pthread_mutex_unlock(&line->lock);
}
