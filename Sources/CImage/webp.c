#include "cimage.h"

int cimage_picture_init(WebPPicture *picture) { return WebPPictureInit(picture); }

size_t cimage_encode_webp(WebPPicture *picture, float quality, unsigned char **bytes) {
    WebPConfig config;
    if (!WebPConfigPreset(&config, WEBP_PRESET_PHOTO, quality)) return 0;
    // Half the time of the usual 4, for 2 % more bytes.
    config.method = 2;
    WebPMemoryWriter writer;
    WebPMemoryWriterInit(&writer);
    picture->writer = WebPMemoryWrite;
    picture->custom_ptr = &writer;
    if (!WebPEncode(&config, picture)) {
        WebPMemoryWriterClear(&writer);
        return 0;
    }
    *bytes = writer.mem;
    return writer.size;
}
