/* Token key: read, or made where it is missing.
 *
 * A new key is written to a temporary file and synced, then linked to its name: link(2) fails when
 * another process was first, whose key is then read, so two that start together agree on one. */
#include "messaging/token_key.h"

#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_MAX_BYTES = 16 * 1024 };

static struct error *check_mode(struct arena *a, int fd, const char *path)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return error_errno(a, "cannot look at %s", path);
    if (!S_ISREG(status.st_mode))
        return error_new(a, &error_usage, "%s is no file", path);
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return error_new(
            a, &error_usage,
            "%s can be read by others (mode %04o): it signs tokens. Make a new key, or "
            "chmod 600 it if nobody has copied it",
            path, (unsigned)(status.st_mode & 07777));
    return NULL;
}

/* *is_missing: there is no such file; then nothing else is set. */
static struct error *read_pem(struct arena *a, const char *path, struct str *pem, bool *is_missing)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    *is_missing = fd < 0 && errno == ENOENT;
    if (*is_missing)
        return NULL;
    if (fd < 0)
        return error_errno(a, "cannot open %s", path);
    struct error *error = check_mode(a, fd, path);
    char *text = arena_alloc(a, KEY_FILE_MAX_BYTES);
    ssize_t len = 0;
    if (!error && (len = read(fd, text, KEY_FILE_MAX_BYTES)) < 0)
        error = error_errno(a, "cannot read %s", path);
    close(fd);
    *pem = (struct str){text, len > 0 ? (size_t)len : 0};
    return error;
}

static struct error *write_synced(struct arena *a, int fd, const char *path, struct str text)
{
    for (size_t done = 0; done < text.len;) {
        ssize_t count = write(fd, text.data + done, text.len - done);
        if (count < 0 && errno != EINTR)
            return error_errno(a, "cannot write %s", path);
        done += count > 0 ? (size_t)count : 0;
    }
    return fsync(fd) == 0 ? NULL : error_errno(a, "cannot sync %s", path);
}

static struct error *write_new(struct arena *a, const char *folder, const char *path,
                               struct str pem)
{
    char *temporary = arena_alloc(a, strlen(path) + sizeof ".XXXXXX");
    stpcpy(stpcpy(temporary, path), ".XXXXXX");
    int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return error_errno(a, "cannot make a file in %s", folder);
    struct error *error = write_synced(a, fd, temporary, pem);
    close(fd);
    if (!error && link(temporary, path) != 0 && errno != EEXIST)
        error = error_errno(a, "cannot make %s", path);
    unlink(temporary);
    return error ? error : folder_sync(a, folder); /* the name survives a power cut, too */
}

static struct error *make_key(struct crypto *crypto, struct arena *a, const char *folder,
                              const char *path)
{
    TRY(folder_make(a, folder));
    struct crypto_key *key = NULL;
    struct str pem = {0};
    TRY(crypto_key_new(crypto, a, &key));
    struct error *error = crypto_key_to_pem(key, a, &pem);
    crypto_key_free(key);
    return error ? error : write_new(a, folder, path, pem);
}

struct error *token_key_load(struct crypto *crypto, struct arena *a, const char *data_dir,
                             bool may_create, struct crypto_key **out)
{
    const char *folder = arena_printf(a, "%s/keys%c", data_dir, 0).data;
    const char *path = arena_printf(a, "%s/token.pem%c", folder, 0).data;
    struct str pem = {0};
    bool is_missing;
    TRY(read_pem(a, path, &pem, &is_missing));
    if (is_missing && may_create) {
        TRY(make_key(crypto, a, folder, path));
        TRY(read_pem(a, path, &pem, &is_missing));
    }
    if (is_missing)
        return error_new(a, &error_usage,
                         "there is no key in %s: start `cruddur serve` on that folder first",
                         folder);
    struct error *error = crypto_key_from_pem(crypto, a, pem, out);
    if (error)
        error->message = arena_printf(a, "%s: %.*s", path, STR_ARG(error->message));
    return error;
}
