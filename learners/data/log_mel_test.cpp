#include "learners/data/log_mel.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learners/data/test_sounds.h"

namespace outrider {
namespace {

using ::testing::Each;

std::size_t band_of(double hertz) {  // the band whose peak is nearest
  const double step = 2595 * std::log10(1 + 4000 / 700.0) / 33;
  return static_cast<std::size_t>(std::lround(2595 * std::log10(1 + hertz / 700) / step)) - 1;
}

std::uint8_t at(const Image& image, std::size_t band, std::size_t column) {
  return image.pixels[(31 - band) * 32 + column];
}

std::vector<std::int16_t> samples_for(int frames) {
  return tone(1000, 256 + 128 * (static_cast<std::size_t>(frames) - 1));
}

bool blank(const Image& image, std::size_t column) {
  for (std::size_t band = 0; band < 32; ++band)
    if (at(image, band, column) != 0) return false;
  return true;
}

TEST(LogMel, ToneLightsItsBand) {
  for (const double hertz : {200.0, 440.0, 1000.0, 2000.0, 3500.0}) {
    const Image image = log_mel(tone(hertz, 4224));
    ASSERT_EQ(image.shape, (ImageShape{.channels = 1, .height = 32, .width = 32}));
    std::size_t brightest = 0;
    for (std::size_t band = 1; band < 32; ++band)
      if (at(image, band, 16) > at(image, brightest, 16)) brightest = band;
    EXPECT_EQ(brightest, band_of(hertz)) << hertz;
    EXPECT_GE(at(image, brightest, 16), 253) << hertz;
  }
}

TEST(LogMel, LoudnessAndOffsetHardlyMatter) {
  std::vector<std::int16_t> samples = tone(700, 4000, 4000);
  const Image loud = log_mel(samples);
  for (std::int16_t& sample : samples) sample = static_cast<std::int16_t>(sample / 2 + 3000);
  const Image soft = log_mel(samples);
  for (std::size_t column = 0; column < 32; ++column)
    EXPECT_NEAR(at(loud, band_of(700), column), at(soft, band_of(700), column), 1);
}

TEST(LogMel, TwentyDecibelsAreAQuarterOfTheRange) {
  std::vector<std::int16_t> samples = tone(1000, 4224);
  for (std::size_t i = 2112; i < samples.size(); ++i) samples[i] = static_cast<std::int16_t>(samples[i] / 10);
  const Image image = log_mel(samples);
  EXPECT_NEAR(at(image, band_of(1000), 5) - at(image, band_of(1000), 28), 255.0 * 20 / 80, 1);
}

TEST(LogMel, SilenceIsBlack) {
  EXPECT_THAT(log_mel(std::vector<std::int16_t>(3000, 0)).pixels, Each(0));
  EXPECT_THAT(log_mel(std::vector<std::int16_t>(3000, 500)).pixels, Each(0));
  EXPECT_THAT(log_mel(std::vector<std::int16_t>{5}).pixels, Each(0));
}

TEST(LogMel, ShortSoundIsCentred) {
  const Image image = log_mel(samples_for(10));
  for (std::size_t column = 0; column < 32; ++column)
    EXPECT_EQ(blank(image, column), column < 11 || column >= 21) << column;
}

TEST(LogMel, LongSoundKeepsItsLoudestStretch) {
  std::vector<std::int16_t> samples(16000, 0);
  const std::vector<std::int16_t> sound = samples_for(20);
  std::copy(sound.begin(), sound.end(), samples.begin() + 9600);  // frame 75 on
  const Image image = log_mel(samples);
  int sounding = 0;
  for (std::size_t column = 0; column < 32; ++column) sounding += blank(image, column) ? 0 : 1;
  EXPECT_GE(sounding, 20);
}

}  // namespace
}  // namespace outrider
