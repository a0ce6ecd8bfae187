#include "learners/data/open.h"

#include "learners/data/fingerprint.h"
#include "learners/data/test_files.h"
#include "learners/data/test_pictures.h"
#include "learners/data/test_sounds.h"

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refused(std::string_view kind, const std::filesystem::path& path) {
  return refusal([&] { open_dataset(kind, path); });
}

TEST(OpenDataset, UnknownKindListsTheKnownOnes) {
  EXPECT_EQ(
      refused("imagenet", "/"),
      "the data set kind imagenet is unknown; known are fashion-mnist, mnist, omniglot, cifar10, cifar100, images, "
      "fsdd");
  EXPECT_EQ(dataset_kinds().size(), 7u);
}

TEST(OpenDataset, PathMustBeGivenAndExist) {
  const TemporaryFolder folder;
  for (const std::string& kind : dataset_kinds()) {
    if (kind != "fashion-mnist") {
      EXPECT_EQ(refused(kind, {}), "the data set " + kind + " needs a path");
    }
    EXPECT_EQ(refused(kind, folder / "none"), (folder / "none").string() + " does not exist");
    EXPECT_THAT(refused(kind, folder.path()), HasSubstr(folder.path().string())) << "an empty folder";
  }
}

TEST(OpenDataset, IdxFilesAreFoundPlainAndNamedWhenMissing) {
  const TemporaryFolder folder;
  for (const char* part : {"train", "t10k"}) {
    folder.write(std::string(part) + "-images-idx3-ubyte", Bytes{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 42});
    if (std::string_view(part) == "train") folder.write("train-labels-idx1-ubyte", Bytes{0, 0, 8, 1, 0, 0, 0, 1, 8});
  }
  EXPECT_THAT(refused("mnist", folder.path()), HasSubstr("t10k-labels-idx1-ubyte.gz does not exist"));
  folder.write("t10k-labels-idx1-ubyte", Bytes{0, 0, 8, 1, 0, 0, 0, 1, 9});
  const DatasetPair digits = open_dataset("mnist", folder.path());
  EXPECT_THAT(digits.train.labels, ElementsAre(8));
  EXPECT_THAT(digits.test.labels, ElementsAre(9));
  EXPECT_EQ(digits.source, "mnist from " + folder.path().string());
  EXPECT_EQ(digits.sha256, sha256_of_text(sha256_of(digits.train) + sha256_of(digits.test)));
  const DatasetPair clothes = open_dataset("fashion-mnist", folder.path());
  EXPECT_EQ(clothes.test.classes[9], "ankle-boot");
  EXPECT_NE(clothes.sha256, digits.sha256);
}

TEST(OpenDataset, ImagesHaveTwoPartsWithOneListOfClasses) {
  const TemporaryFolder folder;
  folder.write("train/a/1.png", flat_png(1, 1, 1));
  folder.write("train/b/1.png", flat_png(1, 1, 2));
  folder.write("test/b/1.png", flat_png(1, 1, 3));
  const DatasetPair pair = open_dataset("images", folder.path());
  EXPECT_THAT(pair.train.labels, ElementsAre(0, 1));
  EXPECT_THAT(pair.test.labels, ElementsAre(1));
  EXPECT_EQ(pair.test.classes, pair.train.classes);
  folder.write("test/c/1.png", flat_png(1, 1, 3));
  EXPECT_THAT(refused("images", folder.path()), HasSubstr("has the class c in its test part"));
  std::filesystem::remove_all(folder / "test/c");
  folder.write("test/b/1.png", flat_png(1, 2, 3));
  EXPECT_THAT(refused("images", folder.path()),
              AllOf(HasSubstr("1x1 gray pictures to train"), HasSubstr("2x1 gray to test")));
}

TEST(OpenDataset, ImagesWithoutPartsAreAllToTrainOn) {
  const TemporaryFolder folder;
  folder.write("train/1.png", flat_png(1, 1, 1));
  folder.write("plane/1.png", flat_png(1, 1, 2));
  const DatasetPair pair = open_dataset("images", folder.path());
  EXPECT_THAT(pair.train.classes, ElementsAre("plane", "train"));
  EXPECT_EQ(pair.test.size(), 0u);
  EXPECT_EQ(pair.test.classes, pair.train.classes);
  EXPECT_EQ(pair.test.shape, pair.train.shape);
}

TEST(OpenDataset, OmniglotMayBePackedOrNot) {
  const TemporaryFolder folder;
  folder.write_zip("images_background.zip", {{"images_background/Greek/character01/0001_01.png", flat_png(2, 2, 1)}});
  EXPECT_THAT(refused("omniglot", folder.path()), HasSubstr("images_evaluation.zip does not exist, nor does"));
  folder.write("images_evaluation/Oriya/character03/0002_02.png", flat_png(2, 2, 2));
  const DatasetPair pair = open_dataset("omniglot", folder.path());
  EXPECT_THAT(pair.train.classes, ElementsAre("Greek/character01"));
  EXPECT_THAT(pair.test.classes, ElementsAre("Oriya/character03"));
}

TEST(OpenDataset, CifarIsBinaryOrJpeg) {
  const TemporaryFolder folder;
  folder.write("cifar-10-batches-bin/data_batch_1.bin", Bytes(3073, 1));
  folder.write("cifar-10-batches-bin/test_batch.bin", Bytes(3073, 2));
  EXPECT_THAT(open_dataset("cifar10", folder.path()).test.labels, ElementsAre(2));
  const auto zip = folder.write_zip("cifar10-jpeg.zip",
                                    {{"train/cat/1.png", flat_png(4, 4, 1)}, {"test/cat/1.png", flat_png(4, 4, 2)}});
  for (const auto& path : {zip, folder.path()}) {
    const DatasetPair pair = open_dataset("cifar10", path);
    EXPECT_THAT(pair.test.classes, ElementsAre("cat"));
    EXPECT_THAT(pair.source, HasSubstr("JPEG-compressed copies"));
  }
  folder.write("cifar-100-binary/train.bin", Bytes(3074, 98));
  folder.write("cifar-100-binary/test.bin", Bytes(3074, 99));
  EXPECT_THAT(open_dataset("cifar100", folder.path()).train.labels, ElementsAre(98));
}

TEST(OpenDataset, FsddMayBePackedOrNot) {
  const TemporaryFolder folder;
  folder.write("loose/0_ann_0.wav", wav_of(tone(440, 2000)));
  folder.write("loose/1_ann_5.wav", wav_of(tone(880, 2000)));
  folder.write_zip("recordings.zip", {{"recordings/0_ann_0.wav", wav_of(tone(440, 2000))},
                                      {"recordings/1_ann_5.wav", wav_of(tone(880, 2000))}});
  const DatasetPair packed = open_dataset("fsdd", folder.path());
  const DatasetPair loose = open_dataset("fsdd", folder / "loose");
  EXPECT_EQ(packed.sha256, loose.sha256);
  EXPECT_THAT(packed.train.labels, ElementsAre(1));
}

TEST(OpenDatasetRealData, FashionMnistPackageIsTheDefault) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "needs dataset-fashion-mnist";
  const DatasetPair pair = open_dataset("fashion-mnist");
  EXPECT_EQ(pair.train.size(), 60000u);
  EXPECT_EQ(pair.test.size(), 10000u);
  EXPECT_EQ(pair.train.classes[pair.train.labels[0]], "ankle-boot");
  EXPECT_EQ(std::count(pair.train.labels.begin(), pair.train.labels.end(), 0u), 6000);
}

}  // namespace
}  // namespace outrider
