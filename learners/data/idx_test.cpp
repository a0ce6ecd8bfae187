#include "learners/data/idx.h"

#include <zlib.h>

#include "learners/data/test_files.h"

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two pictures of one row and three columns.
const Bytes kImages{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
const Bytes kLabels{0, 0, 8, 1, 0, 0, 0, 2, 9, 0};

Bytes gzipped(const Bytes& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  Bytes packed(deflateBound(&stream, bytes.size()));
  Bytes input = bytes;
  stream.next_in = input.data();
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

class Idx : public testing::Test {
 protected:
  Dataset load(const Bytes& images, const Bytes& labels, std::vector<std::string> classes = {}) {
    return load_idx(folder_.write("images", images), folder_.write("labels", labels), std::move(classes));
  }
  std::string refused(const Bytes& images, const Bytes& labels, std::vector<std::string> classes = {}) {
    return refusal([&] { load(images, labels, std::move(classes)); });
  }
  TemporaryFolder folder_;
};

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes[at] = value;
  return bytes;
}

Bytes longer(Bytes bytes) {
  bytes.push_back(0);
  return bytes;
}

TEST_F(Idx, LoadsPicturesWithLabels) {
  const Dataset data = load(kImages, kLabels);
  EXPECT_EQ(data.shape, (ImageShape{.channels = 1, .height = 1, .width = 3}));
  EXPECT_THAT(data.image(1), ElementsAre(4, 5, 6));
  EXPECT_THAT(data.labels, ElementsAre(9, 0));
  EXPECT_THAT(data.classes, ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
}

TEST_F(Idx, GzipLoadsAlike) {
  EXPECT_EQ(load(gzipped(kImages), gzipped(kLabels)), load(kImages, kLabels));
}

TEST_F(Idx, MissingFileIsNamed) {
  EXPECT_THAT(refusal([&] { load_idx(folder_ / "none", folder_ / "labels"); }), HasSubstr("none does not exist"));
  EXPECT_THAT(refusal([&] { load_idx(folder_.path(), folder_ / "labels"); }), HasSubstr("is no regular file"));
}

TEST_F(Idx, WrongMagicIsRefused) {
  EXPECT_THAT(refused(kLabels, kLabels), AllOf(HasSubstr("images"), HasSubstr("0x00000801 instead of 0x00000803")));
  EXPECT_THAT(refused(kImages, kImages), AllOf(HasSubstr("labels"), HasSubstr("0x00000803 instead of 0x00000801")));
}

TEST_F(Idx, EveryTruncationIsRefused) {
  for (std::size_t size = 0; size < kImages.size(); ++size)
    EXPECT_THAT(refused(prefix(kImages, size), kLabels), HasSubstr("images is truncated")) << size;
  for (std::size_t size = 0; size < kLabels.size(); ++size)
    EXPECT_THAT(refused(kImages, prefix(kLabels, size)), HasSubstr("labels is truncated")) << size;
}

TEST_F(Idx, EveryTruncationOfGzipIsRefused) {
  const Bytes packed = gzipped(kImages);
  for (std::size_t size = 0; size < packed.size(); ++size)
    EXPECT_THAT(refused(prefix(packed, size), kLabels), HasSubstr("images")) << size;
}

TEST_F(Idx, DamagedGzipIsRefused) {
  const Bytes packed = gzipped(kImages);
  const Bytes damaged = with(packed, packed.size() - 6, static_cast<std::uint8_t>(packed[packed.size() - 6] ^ 1));
  EXPECT_THAT(refused(damaged, kLabels), HasSubstr("images is damaged"));
}

TEST_F(Idx, BytesAfterTheDataAreRefused) {
  EXPECT_THAT(refused(longer(kImages), kLabels), HasSubstr("images goes on after"));
  EXPECT_THAT(refused(kImages, longer(kLabels)), HasSubstr("labels goes on after"));
}

TEST_F(Idx, CountsMustAgree) {
  EXPECT_THAT(refused(kImages, with(kLabels, 7, 3)), AllOf(HasSubstr("2 pictures"), HasSubstr("3 labels")));
}

TEST_F(Idx, NoPicturesAreRefused) {
  EXPECT_THAT(refused(with(kImages, 7, 0), with(kLabels, 7, 0)), HasSubstr("holds no pictures"));
}

TEST_F(Idx, LabelWithoutANameIsRefused) {
  EXPECT_THAT(refused(kImages, with(kLabels, 8, 10)),
              AllOf(HasSubstr("labels holds the label 10"), HasSubstr("0 to 9")));
  EXPECT_THAT(refused(kImages, kLabels, {"a", "b"}), HasSubstr("0 to 1"));
}

TEST_F(Idx, AbsurdDimensionsAreRefusedBeforeMemoryIsTaken) {
  EXPECT_THAT(refused(with(kImages, 8, 1), kLabels), HasSubstr("claims pictures of 3x16777217"));
  EXPECT_THAT(refused(with(kImages, 11, 0), kLabels), HasSubstr("claims pictures of 3x0"));
  const Bytes many = with(with(with(kImages, 4, 0xff), 10, 8), 14, 8);
  EXPECT_THAT(refused(many, with(kLabels, 4, 0xff)), HasSubstr("at most 4 GiB"));
}

TEST_F(Idx, CountFarBeyondTheFileIsRefused) {  // 2 GiB claimed, within the limits
  const Bytes many = with(kImages, 4, 0x2a);
  EXPECT_THAT(refused(many, with(kLabels, 4, 0x2a)), HasSubstr("images is truncated"));
}

TEST_F(Idx, PicturesThatUnpackToFarMoreAreRefusedByTheirHeader) {
  Bytes images{0, 0, 8, 3, 0, 0, 0, 25, 0, 0, 8, 0, 0, 0, 8, 0};  // 25 of 2048x2048
  images.resize(16 + std::size_t{25} * 2048 * 2048);
  Bytes labels{0, 0, 8, 1, 0, 0, 0, 25};
  labels.resize(8 + 25);
  EXPECT_THAT(refused(gzipped(images), labels), HasSubstr("images claims to hold 104857600 bytes in "));
  EXPECT_EQ(load(images, labels).size(), 25U);
  images[7] = labels[7] = 16;  // 64 MiB
  images.resize(16 + std::size_t{16} * 2048 * 2048);
  labels.resize(8 + 16);
  EXPECT_EQ(load(gzipped(images), gzipped(labels)).size(), 16U);
}

TEST(IdxRealData, MnistHasItsPublishedCounts) {
  const auto folder = real_data("mnist");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "needs " << folder;
  const Dataset data = load_idx(folder / "t10k-images-idx3-ubyte.gz", folder / "t10k-labels-idx1-ubyte.gz");
  EXPECT_EQ(data.size(), 10000u);
  EXPECT_EQ(data.shape, (ImageShape{.channels = 1, .height = 28, .width = 28}));
  EXPECT_EQ(std::count(data.labels.begin(), data.labels.end(), 1u), 1135);
}

}  // namespace
}  // namespace outrider
