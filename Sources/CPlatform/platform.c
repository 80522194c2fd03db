#define _GNU_SOURCE  // pwritev2, pipe2
#include "cplatform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char **arguments;

char **cplatform_arguments(void) { return arguments; }

#ifdef __GLIBC__
// Swift's own CommandLine looks for the arguments below the environment, and finds none where a preloaded library has
// moved that by setenv(), or /proc is missing. glibc hands every constructor what main() gets; SwiftPM's main() is the
// Swift compiler's, which keeps nothing of it.
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    if (count > 0) arguments = values;
}
#endif

ssize_t cplatform_write_now(int descriptor, const void *bytes, size_t count) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) return -1;
    // A file of a disk does not wait for a reader.
    if (S_ISREG(status.st_mode)) return write(descriptor, bytes, count);
    if (S_ISSOCK(status.st_mode)) return send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);

    // A pipe since Linux 6.4.
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    ssize_t written = pwritev2(descriptor, &part, 1, -1, RWF_NOWAIT);
    if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != ESPIPE)) return written;

    // Older ones, and terminals. A pipe that is ready takes 4096 bytes without waiting (pipe(7)), unless another process
    // that shares it fills it between these two calls.
    struct pollfd wait = {.fd = descriptor, .events = POLLOUT};
    if (poll(&wait, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(descriptor, bytes, count);
}

int cplatform_become(uid_t user, gid_t group) {
    return setresgid(group, group, 0) == 0 && setresuid(user, user, 0) == 0 ? 0 : -1;
}

int cplatform_has_become(void) {
    uid_t real, effective, saved;
    return getresuid(&real, &effective, &saved) == 0 && saved == 0 && effective != 0;
}

int cplatform_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}
