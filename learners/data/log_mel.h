// Sound as a picture: the log-mel spectrogram.
#pragma once

#include <cstdint>
#include <span>

#include "learners/data/image.h"

namespace outrider {

inline constexpr int kMelBands = 32;   // rows
inline constexpr int kMelFrames = 32;  // columns
inline constexpr std::uint32_t kMelRate = 8000;

// Turns samples at kMelRate into a gray picture of kMelBands x kMelFrames; row 0 is the highest band, columns are time.
// 1. Samples / 32768, minus their mean.
// 2. Frames of 256 samples every 128, periodic Hann window, the last frame filled with zeros; power |DFT|^2.
// 3. 32 triangular bands of height 1, evenly spaced from 0 to 4000 Hz on the scale 2595 log10(1 + f / 700).
// 4. 10 log10(energy + 1e-10) dB. The loudest value, but no less than -20 dB, becomes 255; 80 dB below it becomes 0;
//    linear between, rounded.
// 5. Longer than 32 frames: the 32 successive frames with the largest sum (the first such). Shorter: centred, 0 around.
// `samples` is not empty.
Image log_mel(std::span<const std::int16_t> samples);

}  // namespace outrider
