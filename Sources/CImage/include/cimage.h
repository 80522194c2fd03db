// libturbojpeg, libwebp, and the sandbox that their decoders run in.

#pragma once

#include <stddef.h>
#include <turbojpeg.h>
#include <webp/decode.h>
#include <webp/encode.h>

#pragma clang assume_nonnull begin

/// From now on this process computes, reads and writes what it has open, takes memory and ends; whatever else it asks the
/// kernel for is refused (EPERM). Limits: 256 MiB of address space, 5 s of processor time, no new descriptor.
/// Returns 0, or the number of the error; ENOSYS and EINVAL where the kernel has no filters: the limits hold all the same.
int cimage_enter_sandbox(void);

// What the headers have as inline functions and structures of function pointers.

int cimage_picture_init(WebPPicture *picture);
/// Encodes with loss. `quality` is 0 to 100. The caller frees `bytes` with WebPFree().
/// Returns the length, or 0.
size_t cimage_encode_webp(WebPPicture *picture, float quality, unsigned char *_Nullable *_Nonnull bytes);

#pragma clang assume_nonnull end
