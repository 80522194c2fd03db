/* Preloaded into a program: lets one of its system calls fail, as a disk, a quota, a limit or a signal would.

   SWEEP_AT=N        the Nth call of those below fails (0: none; they are only counted)
   SWEEP_ONWARDS=1   and after it every one that a full disk lets fail
   SWEEP_ERROR=I     with which of the errors that this call can have: the Ith, counted round
   SWEEP_REPORT=FILE 256 bytes, mapped, so that they are true even after a crash: how many were called, how many failed,
                     and the first that did

   The counting is the program's own order: the same run makes the same calls. What the dynamic linker and libc's inside do
   does not come through here. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct report { atomic_long calls, failed; char first[240]; };
static struct report nowhere, *report = &nowhere;
static long at, onwards, which;

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("SWEEP_AT"), *path = getenv("SWEEP_REPORT");
  at = text ? atol(text) : 0;
  onwards = getenv("SWEEP_ONWARDS") != NULL;
  which = (text = getenv("SWEEP_ERROR")) ? atol(text) : 0;
  if (path == NULL) return;
  int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0 || syscall(SYS_ftruncate, descriptor, sizeof *report) != 0) return;
  void *mapped = (void *)syscall(SYS_mmap, NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (mapped != MAP_FAILED) report = mapped;
  syscall(SYS_close, descriptor);
}

/* Whether this call is to fail; errno then says how. */
static int fails(const char *name, const char *on, const int *errors) {
  long number = atomic_fetch_add(&report->calls, 1) + 1;
  if (at == 0 || number < at || (number > at && !onwards)) return 0;
  long count = 0;
  while (errors[count] != 0) count++;
  int chosen = errors[which % count];
  if (onwards) {
    long place = 0;
    while (place < count && errors[place] != ENOSPC) place++;
    if (place < count) chosen = ENOSPC;
    else if (number > at) return 0;
  }
  if (atomic_fetch_add(&report->failed, 1) == 0)
    snprintf(report->first, sizeof report->first, "%s(%s): %s", name, on ? on : "", strerrorname_np(chosen));
  errno = chosen;
  return 1;
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define ERRORS(...) static const int errors[] = {__VA_ARGS__, 0}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); ERRORS(EMFILE, EIO, EINTR); static const int making[] = {EMFILE, EIO, ENOSPC, EINTR, 0}; \
    va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more); \
    return fails(#name, path, flags & O_CREAT ? making : errors) ? -1 : real(path, flags, mode); }
#define OPENAT(name) \
  int name(int folder, const char *path, int flags, ...) { \
    REAL(name); ERRORS(EMFILE, EIO, EINTR); static const int making[] = {EMFILE, EIO, ENOSPC, EINTR, 0}; \
    va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more); \
    return fails(#name, path, flags & O_CREAT ? making : errors) ? -1 : real(folder, path, flags, mode); }
#define CALL(type, name, on, parameters, arguments, ...) \
  type name parameters { REAL(name); ERRORS(__VA_ARGS__); return fails(#name, on, errors) ? (type)-1 : real arguments; }

OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)
CALL(ssize_t, write, NULL, (int d, const void *b, size_t n), (d, b, n), ENOSPC, EIO, EINTR)
CALL(ssize_t, writev, NULL, (int d, const struct iovec *b, int n), (d, b, n), ENOSPC, EIO, EINTR)
CALL(ssize_t, pwrite, NULL, (int d, const void *b, size_t n, off_t o), (d, b, n, o), ENOSPC, EIO, EINTR)
CALL(ssize_t, pwrite64, NULL, (int d, const void *b, size_t n, off64_t o), (d, b, n, o), ENOSPC, EIO, EINTR)
CALL(ssize_t, read, NULL, (int d, void *b, size_t n), (d, b, n), EIO, EINTR)
CALL(ssize_t, pread, NULL, (int d, void *b, size_t n, off_t o), (d, b, n, o), EIO, EINTR)
CALL(ssize_t, pread64, NULL, (int d, void *b, size_t n, off64_t o), (d, b, n, o), EIO, EINTR)
CALL(int, fsync, NULL, (int d), (d), EIO, ENOSPC)
CALL(int, fdatasync, NULL, (int d), (d), EIO, ENOSPC)
CALL(int, ftruncate, NULL, (int d, off_t n), (d, n), ENOSPC, EIO, EINTR)
CALL(int, ftruncate64, NULL, (int d, off64_t n), (d, n), ENOSPC, EIO, EINTR)
CALL(int, rename, b, (const char *a, const char *b), (a, b), ENOSPC, EIO)
CALL(int, renameat, b, (int f, const char *a, int t, const char *b), (f, a, t, b), ENOSPC, EIO)
CALL(int, link, b, (const char *a, const char *b), (a, b), ENOSPC, EIO, EPERM)
CALL(int, linkat, b, (int f, const char *a, int t, const char *b, int g), (f, a, t, b, g), ENOSPC, EIO, EPERM)
CALL(int, unlink, p, (const char *p), (p), EIO, EACCES)
CALL(int, unlinkat, p, (int f, const char *p, int g), (f, p, g), EIO, EACCES)
CALL(int, mkdir, p, (const char *p, mode_t m), (p, m), ENOSPC, EIO)
CALL(int, mkdirat, p, (int f, const char *p, mode_t m), (f, p, m), ENOSPC, EIO)
CALL(int, fchmod, NULL, (int d, mode_t m), (d, m), EIO, EPERM)
CALL(int, socket, NULL, (int a, int b, int c), (a, b, c), EMFILE, ENOBUFS)
CALL(int, connect, NULL, (int d, const struct sockaddr *a, socklen_t n), (d, a, n), ENETUNREACH, EINTR, EIO)
CALL(int, accept, NULL, (int d, struct sockaddr *a, socklen_t *n), (d, a, n), EMFILE, EINTR, ENOBUFS)
CALL(int, accept4, NULL, (int d, struct sockaddr *a, socklen_t *n, int f), (d, a, n, f), EMFILE, EINTR, ENOBUFS)
CALL(ssize_t, send, NULL, (int d, const void *b, size_t n, int f), (d, b, n, f), EIO, EINTR, EPIPE)
CALL(ssize_t, recv, NULL, (int d, void *b, size_t n, int f), (d, b, n, f), EIO, EINTR, ECONNRESET)
CALL(ssize_t, getrandom, NULL, (void *b, size_t n, unsigned f), (b, n, f), EINTR, EIO)
CALL(int, flock, NULL, (int d, int o), (d, o), ENOLCK, EINTR)
CALL(void *, mmap, NULL, (void *a, size_t n, int p, int f, int d, off_t o), (a, n, p, f, d, o), ENOMEM)
CALL(void *, mmap64, NULL, (void *a, size_t n, int p, int f, int d, off64_t o), (a, n, p, f, d, o), ENOMEM)

/* Locks, and nothing else that fcntl does. */
#define FCNTL(name) \
  int name(int descriptor, int command, ...) { \
    REAL(name); ERRORS(ENOLCK, EIO); \
    va_list more; va_start(more, command); void *argument = va_arg(more, void *); va_end(more); \
    int isLock = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW; \
    return isLock && fails(#name, NULL, errors) ? -1 : real(descriptor, command, argument); }
FCNTL(fcntl) FCNTL(fcntl64)
