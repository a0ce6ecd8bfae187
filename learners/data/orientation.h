// Which way up a picture is: cameras store what the sensor sees and say in EXIF how it was held.
#pragma once

#include "knowledge/bytes.h"
#include "learners/data/image.h"

namespace outrider {

// The orientation (1 to 8; CIPA DC-008, tag 0x0112) in an EXIF block that begins with its TIFF header. 1, as it is,
// where the block does not say or is damaged.
int exif_orientation(ByteView tiff);

// The picture as it is to be looked at: mirrored and turned as its orientation says.
Image upright(Image image, int orientation);

}  // namespace outrider
