// What the system offers and Swift's Glibc lacks, or does not hand on reliably.

#pragma once

#include <malloc.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#pragma clang assume_nonnull begin

/// The arguments of `main`, ended by NULL; NULL where the C library does not tell (see platform.c).
char *_Nullable *_Nullable cplatform_arguments(void);

/// The path by which this program was started, as the kernel was told it; it needs no /proc.
static inline const char *_Nullable cplatform_started_as(void) { return (const char *)getauxval(AT_EXECFN); }

/// Writes as much as can be written at once, without a change to the open file, which other processes share.
/// Returns the number of bytes, or -1 with errno; EAGAIN: nobody takes anything at the moment.
ssize_t cplatform_write_now(int descriptor, const void *bytes, size_t count);

/// A pipe whose ends no other program inherits. Returns 0, or -1 with errno.
int cplatform_pipe(int *read_end, int *write_end);

/// The kind of file system at `path` as a magic number, -1 with `errno` where there is none: statfs(2); the number is 32
/// bits wide, and on some machines negative without the mask.
static inline long long cplatform_file_system(const char *path) {
    struct statfs status;
    return statfs(path, &status) == 0 ? (long long)(status.f_type & 0xFFFFFFFF) : -1;
}

/// The list of who else may what, as the kernel keeps it (acl(5), linux/posix_acl_xattr.h).
static inline long cplatform_access_list(const char *path, void *_Nullable buffer, size_t capacity) {
    return (long)getxattr(path, "system.posix_acl_access", buffer, capacity);
}

/// Becomes a user and group, while the saved ids stay root's. -1 with `errno` where that is not allowed.
int cplatform_become(uid_t user, gid_t group);

/// Whether this process has done that.
int cplatform_has_become(void);

#pragma clang assume_nonnull end
