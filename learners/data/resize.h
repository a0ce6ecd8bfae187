// Changing the size, the colours and the sense of pictures.
#pragma once

#include "learners/data/dataset.h"
#include "learners/data/image.h"

namespace outrider {

// Resizes to `target`, each axis on its own: a pixel becomes the average of the area that it covers where the axis
// shrinks, and is interpolated linearly between pixel centres where it grows. RGB to gray is the luma
// 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); gray to RGB repeats the value. Labels, classes and groups stay.
// Throws InputError for other changes of channels, a side outside 1..kMaxImageSide, or a result over kMaxDatasetBytes.
Image resize(const Image& image, const ImageShape& target);
Dataset resize(const Dataset& data, const ImageShape& target);

// 255 - value.
Image invert(Image image);
Dataset invert(Dataset data);

}  // namespace outrider
