// What a process has from its start, and Swift's library does not hand on reliably: the arguments that `main` gets, and
// a way to write to an inherited descriptor that never waits.

#pragma once

#include <stddef.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// The arguments of `main`, ended by NULL; NULL where the C library does not tell (see process.c).
char *_Nullable *_Nullable cprocess_arguments(void);

/// Writes as much as can be written at once, without a change to the open file, which other processes share.
/// Returns the number of bytes, or -1 with errno; EAGAIN: nobody takes anything at the moment.
ssize_t cprocess_write_now(int descriptor, const void *bytes, size_t count);

#pragma clang assume_nonnull end
