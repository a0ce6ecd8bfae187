#include "learners/data/cifar.h"

#include "learners/data/test_files.h"

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A record whose three planes hold 10, 20 and 30 plus `label`.
Bytes record(std::uint8_t label) {
  Bytes bytes{label};
  for (const int plane : {10, 20, 30}) bytes.insert(bytes.end(), 1024, static_cast<std::uint8_t>(plane + label));
  return bytes;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bytes coarse(std::uint8_t label, const Bytes& bytes) {
  return Bytes{label} + bytes;
}

TEST(Cifar, LoadsARecordsFile) {
  const TemporaryFolder folder;
  const Dataset data = load_cifar_file(Cifar::cifar10, folder.write("f.bin", record(3) + record(9)));
  EXPECT_EQ(data.shape, (ImageShape{.channels = 3, .height = 32, .width = 32}));
  EXPECT_THAT(data.labels, ElementsAre(3, 9));
  EXPECT_EQ(data.classes[3], "cat");
  EXPECT_THAT(data.image(1).subspan(1024, 1024), Each(29));
}

TEST(Cifar, FineLabelOfCifar100Counts) {
  const TemporaryFolder folder;
  const Dataset data = load_cifar_file(Cifar::cifar100, folder.write("f.bin", coarse(7, record(99))));
  EXPECT_THAT(data.labels, ElementsAre(99));
  EXPECT_EQ(data.classes.size(), 100u);
  EXPECT_EQ(data.image(0)[0], 109);
}

TEST(Cifar, FolderIsLoadedByPart) {
  const TemporaryFolder folder;
  folder.write("data_batch_2.bin", record(2));
  folder.write("data_batch_1.bin", record(1));
  folder.write("test_batch.bin", record(0));
  folder.write("readme.html", bytes_of("ignored"));
  folder.write("batches.meta.txt", bytes_of("p\nl\nane\n3\n4\n5\n6\n7\n8\n9\n\n"));
  const Dataset train = load_cifar(Cifar::cifar10, folder.path(), Part::train);
  EXPECT_THAT(train.labels, ElementsAre(1, 2));
  EXPECT_EQ(train.classes[2], "ane");
  EXPECT_THAT(load_cifar(Cifar::cifar10, folder.path(), Part::test).labels, ElementsAre(0));
}

TEST(Cifar, TruncatedEmptyAndMissingFilesAreRefused) {
  const TemporaryFolder folder;
  Bytes cut = record(1);
  cut.pop_back();
  EXPECT_THAT(refusal([&] { load_cifar_file(Cifar::cifar10, folder.write("f.bin", cut)); }),
              AllOf(HasSubstr("f.bin has 3072 bytes"), HasSubstr("records of 3073")));
  EXPECT_THAT(refusal([&] { load_cifar_file(Cifar::cifar10, folder.write("f.bin", Bytes{})); }),
              HasSubstr("f.bin has 0 bytes"));
  EXPECT_THAT(refusal([&] { load_cifar_file(Cifar::cifar10, folder / "none"); }), HasSubstr("none does not exist"));
}

TEST(Cifar, LabelOutOfRangeIsRefused) {
  const TemporaryFolder folder;
  EXPECT_THAT(refusal([&] { load_cifar_file(Cifar::cifar10, folder.write("f.bin", record(1) + record(10))); }),
              AllOf(HasSubstr("f.bin holds the label 10 in record 1"), HasSubstr("0 to 9")));
}

TEST(Cifar, FolderWithoutThePartIsRefused) {
  const TemporaryFolder folder;
  folder.write("train.bin", coarse(0, record(0)));
  EXPECT_THAT(refusal([&] { load_cifar(Cifar::cifar100, folder.path(), Part::test); }), HasSubstr("no file test*.bin"));
  EXPECT_THAT(refusal([&] { load_cifar(Cifar::cifar100, folder / "train.bin", Part::test); }),
              HasSubstr("is no folder"));
}

TEST(Cifar, NamesFileMustNameEveryClassOnce) {
  const TemporaryFolder folder;
  folder.write("test_batch.bin", record(0));
  for (const char* names : {"a\nb\n", "0\n0\n2\n3\n4\n5\n6\n7\n8\n9\n"}) {
    folder.write("batches.meta.txt", bytes_of(names));
    EXPECT_THAT(refusal([&] { load_cifar(Cifar::cifar10, folder.path(), Part::test); }),
                HasSubstr("batches.meta.txt must hold 10 different class names"));
  }
}

}  // namespace
}  // namespace outrider
