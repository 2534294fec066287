/* Web events: live events as a stream (the server-sent events of the HTML standard).
 *
 * A browser's EventSource cannot send an Authorization header, and a token does not belong into an
 * address, so clients read the stream with fetch. */
#include "messaging/web_request.h"

#include <string.h>

enum { ID_MAX_BYTES = 64 };

static void left(struct http_stream *stream, void *seat)
{
    (void)stream;
    hub_leave(seat);
}

static struct str last_event_id(const struct http_request *http, char *out)
{
    struct str id = http_header_of(http, S("Last-Event-ID"));
    if (id.len > ID_MAX_BYTES)
        return S("?"); /* none of ours: leads to reset */
    if (id.len)
        memcpy(out, id.data, id.len);
    return (struct str){out, id.len};
}

struct error *web_events(struct web_request *r)
{
    struct hub *hub = r->web->options.hub;
    struct hub_seat *seat = hub_take_seat(hub, r->me.uuid);
    if (!seat) {
        r->retry_after_s = 5;
        return error_new(r->arena, &web_too_often, "too many live streams of this person");
    }
    char memory[ID_MAX_BYTES];
    struct str id = last_event_id(r->http, memory); /* the exchange is gone when the stream opens */
    web_stream_headers(r);
    const struct http_response head = {
        .status = 200,
        .content_type = S("text/event-stream"),
        .headers = r->reply.headers,
        .header_count = r->reply.header_count,
    };
    web_count(r, 200);
    struct http_stream *stream = http_stream_open(r->x, &head, left, seat);
    hub_sit(hub, seat, stream, id);
    return NULL;
}
