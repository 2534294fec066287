#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct error *folder_sync(struct arena *a, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES) /* somebody else's, such as /home: what can be done is done */
        return NULL;
    if (fd < 0)
        return error_errno(a, "cannot open the folder %s", path);
    /* Some file systems have nothing to sync there, and say so by EINVAL. */
    struct error *error = fsync(fd) == 0 || errno == EINVAL
                              ? NULL
                              : error_errno(a, "cannot sync the folder %s", path);
    close(fd);
    return error;
}

struct error *folder_make(struct arena *a, const char *path)
{
    if (mkdir(path, 0700) == 0)
        return folder_sync(a, arena_z(a, arena_printf(a, "%s/..", path)));
    return errno == EEXIST ? NULL : error_errno(a, "cannot make the folder %s", path);
}
