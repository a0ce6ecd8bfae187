#include "learners/data/log_mel.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

namespace outrider {
namespace {

constexpr std::size_t kWindow = 256;
constexpr std::size_t kHop = 128;
constexpr std::size_t kBins = kWindow / 2 + 1;
constexpr double kRangeDb = 80;
constexpr double kQuietestPeakDb = -20;

using Bands = std::array<float, kMelBands>;
using Column = std::array<std::uint8_t, kMelBands>;  // one column, lowest band first

double to_mel(double hertz) {
  return 2595 * std::log10(1 + hertz / 700);
}

class LogMel {
  struct Triangle {
    std::size_t first_bin = 0;
    std::vector<float> weights;  // of the bins from there on
  };

 public:
  LogMel() {
    for (std::size_t i = 0; i < kWindow; ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / kWindow;
      window_[i] = static_cast<float>(0.5 - 0.5 * std::cos(angle));
      if (i < kWindow / 2) twiddles_[i] = std::complex<float>(std::polar(1.0, -angle));
    }
    const double step = to_mel(kMelRate / 2.0) / (kMelBands + 1);
    for (std::size_t band = 0; band < kMelBands; ++band)
      for (std::size_t bin = 0; bin < kBins; ++bin) {
        const double position = to_mel(static_cast<double>(bin) * kMelRate / kWindow) / step;  // band b peaks at b + 1
        const double weight = 1 - std::abs(position - static_cast<double>(band + 1));
        if (weight <= 0) continue;
        if (triangles_[band].weights.empty()) triangles_[band].first_bin = bin;
        triangles_[band].weights.push_back(static_cast<float>(weight));
      }
  }

  // Energies of the bands; `frame` has at most kWindow samples.
  Bands energies(std::span<const float> frame) const {
    std::array<std::complex<float>, kWindow> spectrum{};
    for (std::size_t i = 0; i < frame.size(); ++i) spectrum[i] = frame[i] * window_[i];
    transform(spectrum);
    Bands bands{};
    for (std::size_t band = 0; band < kMelBands; ++band) {
      const auto& [first, weights] = triangles_[band];
      for (std::size_t i = 0; i < weights.size(); ++i) bands[band] += weights[i] * std::norm(spectrum[first + i]);
    }
    return bands;
  }

 private:
  // In-place radix-2 FFT (Cooley & Tukey 1965).
  void transform(std::array<std::complex<float>, kWindow>& values) const {
    for (std::size_t i = 1, j = 0; i < kWindow; ++i) {
      std::size_t bit = kWindow / 2;
      for (; j & bit; bit /= 2) j ^= bit;
      j ^= bit;
      if (i < j) std::swap(values[i], values[j]);
    }
    for (std::size_t half = 1; half < kWindow; half *= 2)
      for (std::size_t start = 0; start < kWindow; start += 2 * half)
        for (std::size_t i = 0; i < half; ++i) {
          const std::complex<float> w = twiddles_[i * (kWindow / 2 / half)];
          const std::complex<float> a = values[start + i], b = values[start + half + i];
          // Written out: operator* of std::complex checks for infinities.
          const std::complex<float> turned(w.real() * b.real() - w.imag() * b.imag(),
                                           w.real() * b.imag() + w.imag() * b.real());
          values[start + i] = a + turned;
          values[start + half + i] = a - turned;
        }
  }

  std::array<float, kWindow> window_{};
  std::array<std::complex<float>, kWindow / 2> twiddles_{};
  std::array<Triangle, kMelBands> triangles_;
};

std::vector<float> centred(std::span<const std::int16_t> samples) {
  std::int64_t sum = 0;
  for (const std::int16_t sample : samples) sum += sample;
  const float mean = static_cast<float>(static_cast<double>(sum) / static_cast<double>(samples.size()));
  std::vector<float> values(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) values[i] = (static_cast<float>(samples[i]) - mean) / 32768.0F;
  return values;
}

std::vector<Bands> spectrogram(std::span<const float> samples) {
  static const LogMel kTransform;
  std::vector<Bands> frames;
  const std::size_t count = samples.size() <= kWindow ? 1 : 1 + (samples.size() - kWindow + kHop - 1) / kHop;
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const float> rest = samples.subspan(i * kHop);
    frames.push_back(kTransform.energies(rest.first(std::min(rest.size(), kWindow))));
  }
  return frames;
}

std::vector<Column> scaled(const std::vector<Bands>& frames) {
  const auto decibel = [](float energy) { return 10 * std::log10(static_cast<double>(energy) + 1e-10); };
  double peak = kQuietestPeakDb;
  for (const Bands& frame : frames) peak = std::max(peak, decibel(*std::max_element(frame.begin(), frame.end())));
  std::vector<Column> columns(frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i)
    for (std::size_t band = 0; band < kMelBands; ++band) {
      const double value = 255 * (1 + (decibel(frames[i][band]) - peak) / kRangeDb);
      columns[i][band] = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
    }
  return columns;
}

// Where the kMelFrames successive columns with the largest sum start; there are at least that many.
std::size_t loudest_stretch(const std::vector<Column>& columns) {
  std::vector<int> sums;
  for (const Column& column : columns) sums.push_back(std::accumulate(column.begin(), column.end(), 0));
  int sum = std::accumulate(sums.begin(), sums.begin() + kMelFrames, 0);
  int best = sum;
  std::size_t start = 0;
  for (std::size_t i = kMelFrames; i < sums.size(); ++i) {
    sum += sums[i] - sums[i - kMelFrames];
    if (sum > best) {
      best = sum;
      start = i + 1 - kMelFrames;
    }
  }
  return start;
}

}  // namespace

Image log_mel(std::span<const std::int16_t> samples) {
  assert(!samples.empty());
  const std::vector<Column> columns = scaled(spectrogram(centred(samples)));
  const std::size_t taken = std::min<std::size_t>(columns.size(), kMelFrames);
  const std::size_t from = columns.size() > kMelFrames ? loudest_stretch(columns) : 0;
  const std::size_t to = (kMelFrames - taken) / 2;
  Image image{.shape = {.channels = 1, .height = kMelBands, .width = kMelFrames}, .pixels = {}};
  image.pixels.resize(image.shape.size());
  for (std::size_t i = 0; i < taken; ++i)
    for (std::size_t band = 0; band < kMelBands; ++band)
      image.pixels[(kMelBands - 1 - band) * kMelFrames + to + i] = columns[from + i][band];
  return image;
}

}  // namespace outrider
