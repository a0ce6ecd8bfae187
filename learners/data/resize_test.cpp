#include "learners/data/resize.h"

#include <algorithm>

#include "learners/data/test_files.h"

namespace outrider {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Image gray(int height, int width, std::vector<std::uint8_t> pixels) {
  return {{.channels = 1, .height = height, .width = width}, std::move(pixels)};
}

std::vector<std::uint8_t> resized(const Image& image, int height, int width) {
  return resize(image, {.channels = image.shape.channels, .height = height, .width = width}).pixels;
}

TEST(Resize, ShrinkingAveragesAreas) {
  EXPECT_THAT(resized(gray(2, 4, {0, 10, 100, 101, 20, 30, 102, 103}), 1, 2), ElementsAre(15, 102));
}

TEST(Resize, ShrinkingWeighsPartlyCoveredPixels) {  // 3 -> 2: each covers one and a half
  EXPECT_THAT(resized(gray(1, 3, {0, 90, 240}), 1, 2), ElementsAre(30, 190));
  EXPECT_THAT(resized(gray(3, 1, {0, 90, 240}), 2, 1), ElementsAre(30, 190));
}

TEST(Resize, EnlargingInterpolatesBetweenCentres) {
  EXPECT_THAT(resized(gray(1, 2, {0, 100}), 1, 4), ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(resized(gray(2, 1, {0, 100}), 4, 1), ElementsAre(0, 25, 75, 100));
}

TEST(Resize, AxesMayChangeOppositely) {
  EXPECT_THAT(resized(gray(2, 2, {0, 100, 20, 120}), 1, 4), ElementsAre(10, 35, 85, 110));
}

TEST(Resize, FlatPicturesStayFlat) {
  for (const int value : {0, 1, 127, 254, 255})
    for (const int size : {1, 2, 28, 84, 105, 200})
      EXPECT_THAT(
          resized(gray(105, 105, std::vector<std::uint8_t>(105 * 105, static_cast<std::uint8_t>(value))), size, size),
          Each(value));
}

TEST(Resize, OnePixelFillsAnything) {
  EXPECT_THAT(resized(gray(1, 1, {9}), 3, 2), ElementsAre(9, 9, 9, 9, 9, 9));
}

TEST(Resize, MeanBrightnessIsKept) {
  std::vector<std::uint8_t> pixels(105 * 105);
  double sum = 0;
  for (std::size_t i = 0; i < pixels.size(); ++i) sum += pixels[i] = static_cast<std::uint8_t>(i * i % 251);
  double small_sum = 0;
  for (const std::uint8_t value : resized(gray(105, 105, pixels), 28, 28)) small_sum += value;
  EXPECT_NEAR(small_sum / (28 * 28), sum / (105 * 105), 0.1);
}

TEST(Resize, RgbPlanesStaySeparate) {
  const Image rgb{{.channels = 3, .height = 1, .width = 2}, {0, 10, 100, 110, 200, 210}};
  EXPECT_THAT(resized(rgb, 1, 1), ElementsAre(5, 105, 205));
}

TEST(Resize, ColoursBecomeLumaAndGrayRepeats) {
  const Image rgb{{.channels = 3, .height = 1, .width = 4}, {255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255}};
  EXPECT_THAT(resize(rgb, {.channels = 1, .height = 1, .width = 4}).pixels, ElementsAre(76, 150, 29, 255));
  EXPECT_THAT(resize(gray(1, 2, {3, 4}), {.channels = 3, .height = 1, .width = 2}).pixels,
              ElementsAre(3, 4, 3, 4, 3, 4));
}

TEST(Resize, DatasetKeepsAllButItsPixels) {
  const Dataset data{.shape = {.channels = 1, .height = 1, .width = 2},
                     .pixels = {0, 10, 20, 40},
                     .labels = {1, 0},
                     .classes = {"a", "b"},
                     .groups = {0, 0},
                     .group_names = {"ann"}};
  Dataset expected = data;
  expected.shape = {.channels = 1, .height = 1, .width = 1};
  expected.pixels = {5, 30};
  EXPECT_EQ(resize(data, expected.shape), expected);
  EXPECT_EQ(resize(data, data.shape), data);
}

TEST(Resize, ImpossibleTargetsAreRefused) {
  const Image image = gray(1, 1, {0});
  EXPECT_THAT(refusal([&] { resize(image, {.channels = 2, .height = 1, .width = 1}); }), HasSubstr("2 channels"));
  EXPECT_THAT(refusal([&] { resize(image, {.channels = 1, .height = 0, .width = 1}); }), HasSubstr("1x0"));
  EXPECT_THAT(refusal([&] { resize(image, {.channels = 1, .height = -5, .width = 1}); }), HasSubstr("1x0"));
  EXPECT_THAT(refusal([&] { resize(image, {.channels = 1, .height = 1, .width = 20000}); }), HasSubstr("20000x1"));
}

TEST(Resize, InvertSwapsInkAndPaper) {
  EXPECT_THAT(invert(gray(1, 3, {0, 255, 100})).pixels, ElementsAre(255, 0, 155));
  Dataset data;
  data.pixels = {0, 255};
  EXPECT_THAT(invert(data).pixels, ElementsAre(255, 0));
}

}  // namespace
}  // namespace outrider
