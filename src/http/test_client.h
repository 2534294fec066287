/* Test client: a server on a free port, and a blocking client that sends exactly the bytes it is
 * told.
 *
 * For the tests of this folder. A read gives up after 10 seconds, which then shows as missing
 * bytes. */
#pragma once

#include "http/http.h"

struct fixture {
    struct http_server *server;
    struct arena arena;
};

/* Opens and starts on 127.0.0.1 and a free port; aborts when that fails. */
void fixture_start(struct fixture *f, struct http_options options);
void fixture_stop(struct fixture *f);

int client_connect(const struct fixture *f);
void client_send(int fd, struct str bytes);
/* What comes until the other side closes, or `enough` bytes are there. */
struct str client_read(struct arena *a, int fd, size_t enough);
struct str client_read_all(struct arena *a, int fd);
/* One answer: head and as much body as its Content-Length says. */
struct str client_answer(struct arena *a, int fd);
/* Sends on a connection of its own and reads until that is closed. */
struct str client_once(struct arena *a, const struct fixture *f, struct str bytes);
/* Whether the other side has closed (or reset), waiting for at most `wait_ms`; reads what comes. */
bool client_sees_end(int fd, int wait_ms);

int answer_status(struct str answer); /* 0 when it is no answer */
struct str answer_body(struct str answer);
void sleep_ms(int ms);
int64_t time_ms(void);
