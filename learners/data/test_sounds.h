// For the unit tests of this folder: recordings made by hand.
#pragma once

#include <cmath>
#include <numbers>
#include <string_view>
#include <vector>

#include "knowledge/bytes.h"

namespace outrider {

// A mono 16-bit PCM WAVE file.
inline Bytes wav_of(const std::vector<std::int16_t>& samples, std::uint32_t rate = 8000) {
  Bytes bytes;
  const auto text = [&](std::string_view characters) {
    bytes.insert(bytes.end(), characters.begin(), characters.end());
  };
  const auto number = [&](std::size_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  text("RIFF");
  number(36 + 2 * samples.size(), 4);
  text("WAVEfmt ");
  number(16, 4);
  number(1, 2);  // PCM
  number(1, 2);  // channels
  number(rate, 4);
  number(2 * rate, 4);  // bytes per second
  number(2, 2);         // bytes per sample
  number(16, 2);        // bits per sample
  text("data");
  number(2 * samples.size(), 4);
  for (const std::int16_t sample : samples) number(static_cast<std::uint16_t>(sample), 2);
  return bytes;
}

// A sine of `hertz` at 8000 samples per second.
inline std::vector<std::int16_t> tone(double hertz, std::size_t length, double amplitude = 10000) {
  std::vector<std::int16_t> samples(length);
  for (std::size_t i = 0; i < length; ++i)
    samples[i] = static_cast<std::int16_t>(
        std::lround(amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / 8000)));
  return samples;
}

}  // namespace outrider
