#include "messaging/chat.h"

#include <stdlib.h>
#include <time.h>

#include "messaging/chat_core.h"

const struct error_kind chat_not_found = {"not_found", 404, false};
const struct error_kind chat_conflict = {"conflict", 409, false};
const struct error_kind chat_bad_cursor = {"bad_cursor", 400, false};
const struct error_kind chat_throttled = {"too_many_requests", 429, true};
const struct error_kind chat_unavailable = {"unavailable", 503, true};
const struct error_kind chat_not_prepared = {"not_prepared", 503, false};
const struct error_kind chat_not_yet = {"not_yet", 503, true};

/* Ids come from outside: beyond this no row of ours can have them (keys end at 1024 bytes). */
#define GROUP_ID_MAX_BYTES 512
#define PREVIEW_MAX_CHARS 1024

struct chat *chat_new(const struct chat_options *options)
{
    struct chat *chat = mem_zalloc(sizeof *chat);
    chat->store = (struct rowstore){.client = options->client, .table = options->table};
    chat->users = options->users;
    chat->clock = *options->clock;
    chat->rand = *options->rand;
    chat->queue = queue_new();
    pthread_rwlock_init(&chat->listener_lock, NULL);
    return chat;
}

void chat_free(struct chat *chat)
{
    if (!chat)
        return;
    queue_free(chat->queue);
    pthread_rwlock_destroy(&chat->listener_lock);
    free(chat);
}

/* -- what is told ------------------------------------------------------------------------------ */

void chat_listen(struct chat *chat, chat_listener *listener, void *context)
{
    pthread_rwlock_wrlock(&chat->listener_lock);
    chat->listener = listener;
    chat->listener_context = context;
    pthread_rwlock_unlock(&chat->listener_lock);
}

void chat_tell(struct chat *chat, const struct chat_sent *sent)
{
    pthread_rwlock_rdlock(&chat->listener_lock);
    if (chat->listener)
        chat->listener(chat->listener_context, sent);
    pthread_rwlock_unlock(&chat->listener_lock);
}

static uint64_t own_hash(struct str group, struct str sk)
{
    /* Never 0, which marks a free slot. */
    return (str_hash(group) * UINT64_C(0x9e3779b97f4a7c15) ^ str_hash(sk)) | 1;
}

void chat_own_add(struct chat *chat, struct str group, struct str sk)
{
    uint64_t hash = own_hash(group, sk);
    atomic_store(&chat->own[(hash >> 1) % CHAT_OWN_SLOTS], hash);
}

bool chat_own_take(struct chat *chat, struct str group, struct str sk)
{
    uint64_t hash = own_hash(group, sk);
    return atomic_compare_exchange_strong(&chat->own[(hash >> 1) % CHAT_OWN_SLOTS],
                                          &(uint64_t){hash}, 0);
}

void chat_own_remove(struct chat *chat, struct str group, struct str sk)
{
    (void)chat_own_take(chat, group, sk);
}

/* -- small things ------------------------------------------------------------------------------ */

struct str chat_preview(struct str text)
{
    size_t chars = 0;
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.data[i] & 0xC0) != 0x80 && chars++ == PREVIEW_MAX_CHARS)
            return str_slice(text, 0, i);
    return text;
}

struct str chat_now(struct chat *chat, struct arena *a)
{
    char stamp[CLOCK_STAMP_BYTES];
    return arena_str(a, clock_stamp(clock_now_us(&chat->clock), stamp));
}

struct str chat_uuid(struct chat *chat, struct arena *a)
{
    char uuid[RAND_UUID_BYTES];
    return arena_str(a, rand_uuid(&chat->rand, uuid));
}

void chat_back_off(struct chat *chat, int tries)
{
    uint64_t most_us = UINT64_C(2000) << (tries < 6 ? tries : 6);
    uint64_t pause_us = 200 + rand_below(&chat->rand, most_us);
    struct timespec pause = {.tv_nsec = (long)(pause_us * 1000)};
    nanosleep(&pause, NULL);
}

bool chat_is_group_id(struct str group)
{
    return group.len > 0 && group.len <= GROUP_ID_MAX_BYTES && str_is_utf8(group);
}

struct error *names_refresh(struct names *names, struct chat *chat, struct arena *a,
                            struct str user_uuid, struct str *handle, struct str *display_name)
{
    struct user user = {0};
    bool found = false;
    for (size_t i = 0; i < names->known.count && !found; i++) {
        user = names->known.items[i];
        found = str_eq(user.uuid, user_uuid);
    }
    if (!found) {
        TRY(users_by_uuid(chat->users, a, user_uuid, &user, &found));
        if (!found)
            user = (struct user){.handle = *handle, .display_name = *display_name};
        user.uuid = user_uuid;
        VEC_PUSH(a, &names->known, user);
    }
    *handle = user.handle;
    *display_name = user.display_name;
    return NULL;
}
