#include "copenapi.h"

// The compiler notes the file among what this one depends on: a change of it is built in.
#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char json[] = {
#embed "openapi.json"
};

const unsigned char *copenapi_json(void) { return json; }

size_t copenapi_json_length(void) { return sizeof json; }
