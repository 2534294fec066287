#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

struct error *library_open(struct arena *a, const char *file, const char *debian_package,
                           const char *const *names, size_t count, void *members)
{
    void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return error_new(a, &error_system, "%s cannot be loaded (Debian package %s): %s", file,
                         debian_package, dlerror());
    for (size_t i = 0; i < count; i++) {
        void *symbol = dlsym(library, names[i]);
        if (!symbol) {
            dlclose(library);
            return error_new(a, &error_system, "%s has no function %s: a newer %s is needed", file,
                             names[i], debian_package);
        }
        /* ISO C has no cast between object and function pointers; POSIX says the bytes agree. */
        memcpy((char *)members + i * sizeof symbol, &symbol, sizeof symbol);
    }
    return NULL;
}
