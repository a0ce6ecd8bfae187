// The Free Spoken Digit Dataset (Jackson 2016): spoken digits of six speakers, as log-mel pictures.
#pragma once

#include <filesystem>

#include "learners/data/dataset.h"

namespace outrider {

// Loads DIGIT_SPEAKER_N.wav below a folder or inside a zip; recordings with N from 0 to 4 are the test part. Pictures
// are made by log_mel. The class is the digit ("0" to "9", all ten), the group the speaker; sorted by file name. Throws
// InputError when a file does not fit the pattern, is no mono 16-bit PCM at 8 kHz or damaged, or the part is empty.
Dataset load_fsdd(const std::filesystem::path& path, Part part);

}  // namespace outrider
