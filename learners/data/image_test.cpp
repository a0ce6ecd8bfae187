#include "learners/data/image.h"

#include <algorithm>
#include <string>

#include <sys/resource.h>

#include "learners/data/limits.h"
#include "learners/data/test_files.h"
#include "learners/data/test_pictures.h"

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr ImageShape kRgb{.channels = 3, .height = 2, .width = 2};
const std::vector<std::uint8_t> kPlanar{1, 2, 3, 4, 50, 60, 70, 80, 255, 0, 128, 127};

Image decode(const Bytes& bytes) {
  return decode_image(bytes, "picture");
}

TEST(Image, GrayAndRgbSurvivePngExactly) {
  EXPECT_EQ(decode(encode_png(kRgb, kPlanar)), (Image{kRgb, kPlanar}));
  Image gray{{.channels = 1, .height = 16, .width = 16}, {}};
  for (int i = 0; i < 256; ++i) gray.pixels.push_back(static_cast<std::uint8_t>(i));
  EXPECT_EQ(decode(encode_png(gray.shape, gray.pixels)), gray);
}

TEST(Image, OneBitPngBecomesBlackAndWhite) {
  EXPECT_THAT(decode(raw_png(3, 1, 1, PngColour::gray, {0, 0b10100000})).pixels, ElementsAre(255, 0, 255));
}

TEST(Image, PaletteIsResolved) {
  const Image image = decode(raw_png(2, 1, 8, PngColour::palette, {0, 1, 0}, {10, 20, 30, 40, 50, 60}));
  EXPECT_EQ(image, (Image{{.channels = 3, .height = 1, .width = 2}, {40, 10, 50, 20, 60, 30}}));
}

TEST(Image, SixteenBitsBecomeEight) {
  const Image image = decode(raw_png(3, 1, 16, PngColour::gray, {0, 0x00, 0x00, 0x80, 0x80, 0xff, 0xff}));
  EXPECT_THAT(image.pixels, ElementsAre(0, 128, 255));
}

TEST(Image, InterlacedRowsComeInTheirOrder) {  // the first, sixth and seventh pass of Adam7
  EXPECT_THAT(decode(raw_png(2, 2, 8, PngColour::gray, {0, 1, 0, 2, 0, 3, 4}, {}, 1)).pixels, ElementsAre(1, 2, 3, 4));
}

TEST(Image, SixteenBitsOfEachColourBecomeEight) {
  const Image image = decode(raw_png(1, 1, 16, PngColour::rgb, {0, 0xff, 0xff, 0x80, 0x80, 0x00, 0x00}));
  EXPECT_EQ(image, (Image{{.channels = 3, .height = 1, .width = 1}, {255, 128, 0}}));
}

TEST(Image, TransparencyIsLaidOverWhite) {
  EXPECT_THAT(decode(raw_png(2, 1, 8, PngColour::gray_alpha, {0, 7, 255, 7, 0})).pixels, ElementsAre(7, 255));
  const Image image = decode(raw_png(2, 1, 8, PngColour::rgba, {0, 1, 2, 3, 255, 1, 2, 3, 0}));
  EXPECT_EQ(image, (Image{{.channels = 3, .height = 1, .width = 2}, {1, 255, 2, 255, 3, 255}}));
}

TEST(Image, JpegIsDecodedPlanar) {
  const std::vector<std::uint8_t> red(std::size_t{16} * 16 * 3, 0);
  std::vector<std::uint8_t> interleaved = red;
  for (std::size_t i = 0; i < interleaved.size(); i += 3) interleaved[i] = 254;
  const Image image = decode(jpeg_of(16, 16, 3, interleaved));
  ASSERT_EQ(image.shape, (ImageShape{.channels = 3, .height = 16, .width = 16}));
  EXPECT_THAT(std::vector(image.pixels.begin(), image.pixels.begin() + 256), Each(testing::Ge(250)));
  EXPECT_THAT(std::vector(image.pixels.begin() + 256, image.pixels.end()), Each(testing::Le(5)));
}

TEST(Image, GrayJpegHasOneChannel) {
  const Image image = decode(jpeg_of(8, 4, 1, std::vector<std::uint8_t>(32, 77)));
  EXPECT_EQ(image.shape, (ImageShape{.channels = 1, .height = 4, .width = 8}));
  EXPECT_THAT(image.pixels, AllOf(SizeIs(32), Each(77)));
}

// As Photoshop and libjpeg store them: what is left of white, with an Adobe marker.
TEST(Image, InksOfAJpegBecomeRgb) {
  std::vector<std::uint8_t> inks;
  for (int i = 0; i < 64; ++i) inks.insert(inks.end(), {255, 128, 0, 204});  // no cyan, half magenta, all yellow
  for (const bool ycck : {false, true}) {
    const Image image = decode(ycck ? ycck_jpeg_of(8, 8, inks) : jpeg_of(8, 8, 4, inks));
    ASSERT_EQ(image.shape, (ImageShape{.channels = 3, .height = 8, .width = 8}));
    const std::vector<double> expected{204, 102, 0};
    for (std::size_t i = 0; i < image.pixels.size(); ++i) EXPECT_NEAR(image.pixels[i], expected.at(i / 64), 3) << ycck;
  }
}

TEST(Image, InksWithoutAnAdobeMarkerAreInks) {
  std::vector<std::uint8_t> inks;
  for (int i = 0; i < 64; ++i) inks.insert(inks.end(), {0, 127, 255, 51});
  Bytes jpeg = jpeg_of(8, 8, 4, inks);
  const std::string_view adobe(
      "\xff\xee\x00\x0e"
      "Adobe",
      9);
  const auto marker = std::search(jpeg.begin(), jpeg.end(), adobe.begin(), adobe.end(),
                                  [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
  ASSERT_NE(marker, jpeg.end());
  jpeg.erase(marker, marker + 16);
  const Image image = decode(jpeg);
  const std::vector<double> expected{204, 102, 0};
  for (std::size_t i = 0; i < image.pixels.size(); ++i) EXPECT_NEAR(image.pixels[i], expected.at(i / 64), 3);
}

TEST(Image, JpegWithTwoComponentsIsRefused) {
  const Bytes jpeg = jpeg_of(8, 8, 2, std::vector<std::uint8_t>(128, 9));
  EXPECT_THAT(refusal([&] { decode(jpeg); }), AllOf(HasSubstr("picture"), HasSubstr("2 components")));
}

TEST(Image, EveryTruncationOfAPngIsRefused) {
  const Bytes png = encode_png(kRgb, kPlanar);
  const std::size_t end_chunk = 12;  // nothing is missing from the pixels without it
  for (std::size_t size = 0; size + end_chunk < png.size(); ++size)
    EXPECT_THAT(refusal([&] { decode(prefix(png, size)); }), HasSubstr("picture")) << size;
}

// However large it says that it is: libpng would take that much memory.
TEST(Image, AChunkOfAPngThatClaimsMoreThanThereIsIsRefused) {
  const Bytes png = encode_png(kRgb, kPlanar);
  for (const char* type : {"eXIf", "iCCP", "tRNS", "zTXt", "PLTE", "IDAx", "\xff\x01 \n"})
    for (const char highest : {'\x00', '\x2c', '\x7f', '\xff'}) {
      Bytes bad = png_with_chunk(png, type, bytes_of("abc"));
      bad[33] = static_cast<std::uint8_t>(highest);
      bad[34] = 0x80;
      EXPECT_THAT(refusal([&] { decode(bad); }),
                  AllOf(HasSubstr("picture is a damaged PNG picture"), HasSubstr("claims")))
          << type;
    }
}

// What is beside the pixels is not unpacked.
TEST(Image, TextInAPngTakesNoMemory) {
  const Bytes png = encode_png(kRgb, kPlanar);
  constexpr std::size_t kUnpacked = std::size_t{512} << 20;
  Bytes packed(std::size_t{4} << 20);
  z_stream stream{};
  ASSERT_EQ(deflateInit(&stream, 9), Z_OK);
  const Bytes zeros(1u << 20);
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  for (std::size_t done = 0; done < kUnpacked; done += zeros.size()) {
    stream.next_in = const_cast<Bytef*>(zeros.data());
    stream.avail_in = static_cast<uInt>(zeros.size());
    ASSERT_EQ(deflate(&stream, done + zeros.size() == kUnpacked ? Z_FINISH : Z_NO_FLUSH) < Z_OK, false);
  }
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  const auto peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;  // KiB
  };
  for (const std::string& header : {std::string("zTXt\0Comment\0\0", 14), std::string("iCCP\0profile\0\0", 14)}) {
    Bytes data = to_bytes(header.substr(5));
    data.insert(data.end(), packed.begin(), packed.end());
    const auto before = peak();
    EXPECT_EQ(decode(png_with_chunk(png, header.substr(0, 4), data)), (Image{kRgb, kPlanar}));
    EXPECT_LT(peak() - before, 100 << 10) << header;
  }
}

TEST(Image, EveryTruncationOfAJpegIsRefused) {
  std::vector<std::uint8_t> noise(std::size_t{24} * 24);
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<std::uint8_t>(i * i * 37);
  const Bytes jpeg = jpeg_of(24, 24, 1, noise);
  for (std::size_t size = 0; size < jpeg.size(); ++size)
    EXPECT_THAT(refusal([&] { decode(prefix(jpeg, size)); }), HasSubstr("picture")) << size;
}

TEST(Image, DamagedPngDataIsRefused) {
  Bytes png = encode_png(kRgb, kPlanar);
  png[png.size() - 20] ^= 0x40;  // within the compressed pixels or their checksum
  EXPECT_THAT(refusal([&] { decode(png); }), HasSubstr("picture is a damaged PNG picture: "));
}

TEST(Image, DamagedBytesNeverCrash) {
  const Bytes png = encode_png(kRgb, kPlanar);
  const Bytes jpeg = jpeg_of(16, 16, 1, std::vector<std::uint8_t>(256, 3));
  int refused = 0;
  for (const Bytes& good : {png, jpeg})
    for (std::size_t i = 0; i < good.size(); ++i) {
      Bytes bad = good;
      bad[i] ^= 0x55;
      try {
        const Image image = decode(bad);
        EXPECT_EQ(image.pixels.size(), image.shape.size());
      } catch (const InputError&) {
        ++refused;
      }
    }
  EXPECT_GT(refused, static_cast<int>(png.size()) / 2);
}

TEST(Image, AbsurdDimensionsAreRefused) {
  const Bytes png = raw_png(100000, 100000, 8, PngColour::gray, {0, 0});
  EXPECT_THAT(refusal([&] { decode(png); }), HasSubstr("100000x100000"));
  Bytes jpeg = jpeg_of(8, 8, 1, std::vector<std::uint8_t>(64, 0));
  const Bytes marker{0xff, 0xc0};  // of the frame header
  const auto frame = std::search(jpeg.begin(), jpeg.end(), marker.begin(), marker.end());
  ASSERT_NE(frame, jpeg.end());
  std::fill(frame + 5, frame + 9, std::uint8_t{0xf0});  // height and width
  EXPECT_THAT(refusal([&] { decode(jpeg); }), HasSubstr("61680x61680"));
}

// At the bound and one row above it, from headers alone: no such picture is there.
TEST(Image, MorePixelsThanAreDecodedAreRefusedBeforeMemoryIsTaken) {
  EXPECT_THAT(refusal([&] {
                decode(raw_png(8192, 8193, 8, PngColour::rgb, {0, 0}));
              }),
              AllOf(HasSubstr("8192x8193"), HasSubstr("at most 67108864")));
  EXPECT_THAT(refusal([&] {
                decode(raw_png(16384, 16384, 1, PngColour::gray, {0, 0}));
              }),
              AllOf(HasSubstr("16384x16384"), HasSubstr("at most 67108864")));
  EXPECT_THAT(refusal([&] {
                decode(raw_png(8192, 8192, 8, PngColour::rgb, {0, 0}));
              }),
              AllOf(HasSubstr("damaged"), HasSubstr("claims 201326592 bytes")));
  Bytes jpeg = jpeg_of(8, 8, 1, std::vector<std::uint8_t>(64, 0));
  const Bytes marker{0xff, 0xc0};
  const auto frame = std::search(jpeg.begin(), jpeg.end(), marker.begin(), marker.end());
  ASSERT_NE(frame, jpeg.end());
  std::fill(frame + 5, frame + 9, std::uint8_t{0x30});  // 12,336 squared
  EXPECT_THAT(refusal([&] { decode(jpeg); }), AllOf(HasSubstr("12336x12336"), HasSubstr("at most 67108864")));
}

TEST(Image, AsManyPixelsAsAreDecodedAreDecoded) {
  const std::vector<std::uint8_t> white(std::size_t{8192} * 8192, 255);
  const Image image = decode(encode_png({.channels = 1, .height = 8192, .width = 8192}, white));
  EXPECT_EQ(image.pixels, white);
}

TEST(Image, OtherBytesAreRefused) {
  EXPECT_EQ(refusal([] { decode_image(bytes_of("GIF89a"), "a.gif"); }), "a.gif is neither a PNG nor a JPEG picture");
  EXPECT_EQ(refusal([] { decode_image({}, "empty"); }), "empty is neither a PNG nor a JPEG picture");
}

TEST(Image, MissingFileAndFolderAreNamed) {
  const TemporaryFolder folder;
  EXPECT_EQ(refusal([&] { load_image(folder / "no.png"); }), (folder / "no.png").string() + " does not exist");
  EXPECT_THAT(refusal([&] { load_image(folder.path()); }), HasSubstr("is no regular file"));
}

TEST(Image, SavesAndReplacesWithoutLeavingTemporaries) {
  const TemporaryFolder folder;
  folder.write("a.png", bytes_of("old"));
  save_png(folder / "a.png", kRgb, kPlanar);
  EXPECT_EQ(load_image(folder / "a.png"), (Image{kRgb, kPlanar}));
  const auto entries = std::filesystem::directory_iterator(folder.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST(Image, SavingWhereNothingCanBeWrittenNamesTheFile) {
  const TemporaryFolder folder;
  EXPECT_THAT(refusal([&] { save_png(folder / "none" / "a.png", kRgb, kPlanar); }),
              AllOf(HasSubstr((folder / "none" / "a.png").string()), HasSubstr("No such file")));
  std::filesystem::create_directory(folder / "b.png");
  EXPECT_THAT(refusal([&] { save_png(folder / "b.png", kRgb, kPlanar); }), HasSubstr("cannot be written"));
  const auto entries = std::filesystem::directory_iterator(folder.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "the temporary must go";
}

}  // namespace
}  // namespace outrider
