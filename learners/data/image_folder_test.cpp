#include "learners/data/image_folder.h"

#include "learners/data/split.h"
#include "learners/data/test_files.h"
#include "learners/data/test_pictures.h"

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refused(const std::filesystem::path& path) {
  return refusal([&] { load_image_folder(path); });
}

TEST(ImageFolder, LoadsClassesInSortedOrder) {
  const TemporaryFolder folder;
  folder.write("dog/2.png", flat_png(1, 2, 22));
  folder.write("cat/1.png", flat_png(1, 2, 11));
  folder.write("dog/10.png", flat_png(1, 2, 10));
  folder.write("cat/.DS_Store", bytes_of("ignored"));
  const Dataset data = load_image_folder(folder.path());
  EXPECT_THAT(data.classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(data.labels, ElementsAre(0, 1, 1));
  EXPECT_THAT(data.pixels, ElementsAre(11, 11, 10, 10, 22, 22));
  EXPECT_TRUE(data.groups.empty());
}

TEST(ImageFolder, ZipAndFolderInsideLoadAlike) {
  const TemporaryFolder folder;
  folder.write("d/a/1.png", flat_png(1, 1, 1));
  folder.write("d/b/1.png", flat_png(1, 1, 2));
  const auto zip = folder.write_zip("z.zip", {{"train/a/1.png", flat_png(1, 1, 1)},
                                              {"train/b/1.png", flat_png(1, 1, 2)},
                                              {"test/a/1.png", flat_png(9, 9, 1)}});
  EXPECT_EQ(load_image_folder(zip, "train"), load_image_folder(folder / "d"));
  EXPECT_EQ(load_image_folder(folder.path(), "d"), load_image_folder(folder / "d"));
}

TEST(ImageFolder, PngAndJpegMayMix) {
  const TemporaryFolder folder;
  folder.write("a/1.png", flat_png(8, 8, 50));
  folder.write("a/2.JPG", jpeg_of(8, 8, 1, std::vector<std::uint8_t>(64, 60)));
  const Dataset data = load_image_folder(folder.path());
  EXPECT_EQ(data.image(0)[5], 50);
  EXPECT_EQ(data.image(1)[5], 60);
}

TEST(ImageFolder, MixedSizesAndColoursNameBothPictures) {
  const TemporaryFolder folder;
  folder.write("a/1.png", flat_png(2, 3, 0));
  folder.write("b/2.png", flat_png(4, 5, 0));
  EXPECT_THAT(refused(folder.path()), AllOf(HasSubstr("b/2.png is 5x4 gray"), HasSubstr("a/1.png is 3x2 gray")));
  folder.write("b/2.png",
               raw_png(3, 2, 8, PngColour::rgb, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_THAT(refused(folder.path()), HasSubstr("b/2.png is 3x2 RGB"));
}

TEST(ImageFolder, EverythingElseIsAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  EXPECT_THAT(refused(folder / "none"), HasSubstr("none does not exist"));
  EXPECT_THAT(refused(folder.path()), HasSubstr("has no files"));
  folder.write("a/1.png", flat_png(1, 1, 0));
  folder.write("a/notes.txt", bytes_of("hello"));
  EXPECT_THAT(refused(folder.path()), HasSubstr("a/notes.txt is neither a PNG nor a JPEG"));
  std::filesystem::remove(folder / "a/notes.txt");
  folder.write("a/2.png", prefix(flat_png(1, 1, 0), 40));
  EXPECT_THAT(refused(folder.path()), HasSubstr("a/2.png is a damaged PNG"));
  std::filesystem::remove(folder / "a/2.png");
  folder.write("b/deep/1.png", flat_png(1, 1, 0));
  EXPECT_THAT(refused(folder.path()), HasSubstr("b/deep/1.png lies too deep"));
  std::filesystem::remove(folder / "b/deep/1.png");
  EXPECT_THAT(refused(folder.path()), HasSubstr("b has no pictures"));
  std::filesystem::remove_all(folder / "b");
  folder.write("1.png", flat_png(1, 1, 0));
  EXPECT_THAT(refused(folder.path()), HasSubstr("1.png lies outside any class folder"));
}

TEST(ImageFolder, ClassNamesBecomeFolderNamesAndBack) {
  EXPECT_EQ(folder_of_class("Greek/character01"), "Greek%2Fcharacter01");
  EXPECT_EQ(folder_of_class(".."), "%2E.");
  EXPECT_EQ(folder_of_class("50%"), "50%25");
  EXPECT_EQ(class_of_folder("50% wool"), "50% wool");
  EXPECT_EQ(class_of_folder("%2f"), "%2f");
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  for (const std::string& name :
       {std::string("a"), std::string("%2F"), std::string(".git"), every, std::string("né e")}) {
    EXPECT_EQ(class_of_folder(folder_of_class(name)), name);
    EXPECT_EQ(folder_of_class(name).find('/'), std::string::npos);
  }
}

TEST(ImageFolder, TwoFoldersForOneClassAreRefused) {
  const TemporaryFolder folder;
  folder.write("50%/1.png", flat_png(1, 1, 0));
  folder.write("50%25/1.png", flat_png(1, 1, 0));
  EXPECT_THAT(refused(folder.path()), HasSubstr("two folders for the class 50%"));
}

Dataset three_pictures() {
  return {.shape = {.channels = 3, .height = 1, .width = 2},
          .pixels = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18},
          .labels = {1, 0, 1},
          .classes = {"Greek/character01", "~/.."},
          .groups = {},
          .group_names = {}};
}

TEST(ImageFolder, WrittenPicturesLoadBackExactly) {
  const TemporaryFolder folder;
  const Dataset data = three_pictures();
  const std::vector<std::size_t> all{2, 0, 1};
  write_image_folder(data, all, folder / "new" / "folder");
  EXPECT_TRUE(std::filesystem::exists(folder / "new/folder/Greek%2Fcharacter01/00001.png"));
  const std::vector<std::size_t> by_class{1, 0, 2};
  EXPECT_EQ(load_image_folder(folder / "new/folder"), select(data, by_class));
}

TEST(ImageFolder, OnlyTheChosenPicturesAreWritten) {
  const TemporaryFolder folder;
  const std::vector<std::size_t> chosen{1};
  write_image_folder(three_pictures(), chosen, folder.path());
  const Dataset loaded = load_image_folder(folder.path());
  EXPECT_THAT(loaded.pixels, ElementsAre(7, 8, 9, 10, 11, 12));
  EXPECT_THAT(loaded.classes, ElementsAre("Greek/character01"));
}

TEST(ImageFolder, WritingRefusesWhatCannotBe) {
  const TemporaryFolder folder;
  const std::vector<std::size_t> chosen{1};
  folder.write("file", bytes_of("in the way"));
  EXPECT_THAT(refusal([&] { write_image_folder(three_pictures(), chosen, folder / "file"); }),
              HasSubstr("file/Greek%2Fcharacter01 cannot be created"));
  Dataset nameless = three_pictures();
  nameless.classes[0].clear();
  EXPECT_THAT(refusal([&] { write_image_folder(nameless, chosen, folder.path()); }),
              HasSubstr("is empty; expected a name"));
}

TEST(ImageFolderRealData, Cifar10TestPartHasItsPublishedCounts) {
  const auto path = real_data("cifar10/cifar10-jpeg.zip");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs " << path;
  const Dataset data = load_image_folder(path, "test");
  EXPECT_EQ(data.size(), 10000u);
  EXPECT_EQ(data.shape, (ImageShape{.channels = 3, .height = 32, .width = 32}));
  EXPECT_THAT(data.classes,
              ElementsAre("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"));
  for (const auto& pictures : indices_by_class(data)) EXPECT_EQ(pictures.size(), 1000u);
}

}  // namespace
}  // namespace outrider
