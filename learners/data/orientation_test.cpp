#include "learners/data/orientation.h"

#include <gtest/gtest.h>

#include "learners/data/test_pictures.h"

namespace outrider {
namespace {

// Two rows of three pixels, 1 to 6, in each of `channels`.
Image counted(int channels) {
  Image image{{.channels = channels, .height = 2, .width = 3}, {}};
  for (int channel = 0; channel < channels; ++channel)
    for (int i = 1; i <= 6; ++i) image.pixels.push_back(static_cast<std::uint8_t>(10 * channel + i));
  return image;
}

struct Held {
  int orientation;
  int height;
  std::vector<std::uint8_t> pixels;
};

// The table of CIPA DC-008: row 0 and column 0 of what is stored are the top, left, … of what is seen.
const std::vector<Held> kHeld{{1, 2, {1, 2, 3, 4, 5, 6}}, {2, 2, {3, 2, 1, 6, 5, 4}}, {3, 2, {6, 5, 4, 3, 2, 1}},
                              {4, 2, {4, 5, 6, 1, 2, 3}}, {5, 3, {1, 4, 2, 5, 3, 6}}, {6, 3, {4, 1, 5, 2, 6, 3}},
                              {7, 3, {6, 3, 5, 2, 4, 1}}, {8, 3, {3, 6, 2, 5, 1, 4}}};

TEST(Orientation, EachTurnsThePictureAsItIsToBeLookedAt) {
  for (const Held& held : kHeld) {
    const Image image = upright(counted(1), held.orientation);
    EXPECT_EQ(image.shape.height, held.height) << held.orientation;
    EXPECT_EQ(image.pixels, held.pixels) << held.orientation;
  }
}

TEST(Orientation, EveryChannelIsTurned) {
  const Image image = upright(counted(3), 6);
  const Bytes expected{4, 1, 5, 2, 6, 3, 14, 11, 15, 12, 16, 13, 24, 21, 25, 22, 26, 23};
  EXPECT_EQ(image.pixels, expected);
}

TEST(Orientation, IsReadInBothByteOrders) {
  for (const bool big : {false, true})
    for (int orientation = 1; orientation <= 8; ++orientation)
      EXPECT_EQ(exif_orientation(exif_of(orientation, big)), orientation);
}

TEST(Orientation, ThatDoesNotExistIsLeftAlone) {
  for (const int orientation : {0, 9, 255, 65'535}) EXPECT_EQ(exif_orientation(exif_of(orientation, true)), 1);
  EXPECT_EQ(exif_orientation({}), 1);
}

TEST(Orientation, OfADamagedBlockNeverCrashes) {
  const Bytes whole = exif_of(6, false);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_GE(exif_orientation(ByteView(whole).first(size)), 1) << size;
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const std::uint8_t flip : Bytes{0x01, 0x80, 0xff}) {
      Bytes damaged = whole;
      damaged[i] ^= flip;
      EXPECT_LE(exif_orientation(damaged), 8) << i;
    }
}

TEST(Orientation, OfAPngIsDone) {
  const Image stored = counted(3);
  const Bytes png = encode_png(stored.shape, stored.pixels);
  for (const Held& held : kHeld)
    EXPECT_EQ(decode_image(png_with_exif(png, exif_of(held.orientation, true)), "picture"),
              upright(stored, held.orientation));
}

TEST(Orientation, OfAJpegIsDone) {
  for (const int components : {1, 3, 4}) {
    std::vector<std::uint8_t> interleaved(std::size_t{16} * 8 * static_cast<std::size_t>(components), 200);
    std::fill(interleaved.begin(), interleaved.begin() + static_cast<std::ptrdiff_t>(interleaved.size() / 2), 40);
    const Bytes jpeg = jpeg_of(16, 8, components, interleaved);
    const Image stored = decode_image(jpeg, "picture");
    for (const Held& held : kHeld)
      EXPECT_EQ(decode_image(jpeg_with_exif(jpeg, exif_of(held.orientation, false)), "picture"),
                upright(stored, held.orientation))
          << components << " components, " << held.orientation;
  }
}

}  // namespace
}  // namespace outrider
