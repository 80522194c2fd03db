// The contract, openapi.json beside this folder, as part of the program: nothing to install, nothing to find.

#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

/// The bytes of the file, as they are in it.
const unsigned char *copenapi_json(void);
size_t copenapi_json_length(void);

#pragma clang assume_nonnull end
