#include "learners/data/omniglot.h"

#include <algorithm>

#include "learners/data/split.h"
#include "learners/data/test_files.h"
#include "learners/data/test_pictures.h"

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::map<std::string, Bytes> kDrawings{{"Latin/character01/0002_01.png", flat_png(2, 2, 3)},
                                             {"Greek/character02/0001_02.png", flat_png(2, 2, 2)},
                                             {"Greek/character02/0001_01.png", flat_png(2, 2, 1)}};

void write_all(const TemporaryFolder& folder, const std::string& top) {
  for (const auto& [name, content] : kDrawings) folder.write(top + name, content);
}

TEST(Omniglot, FolderGivesCharactersAndDrawers) {
  const TemporaryFolder folder;
  write_all(folder, "");
  const Dataset data = load_omniglot(folder.path());
  EXPECT_THAT(data.classes, ElementsAre("Greek/character02", "Latin/character01"));
  EXPECT_THAT(data.labels, ElementsAre(0, 0, 1));
  EXPECT_THAT(data.group_names, ElementsAre("drawer 01", "drawer 02"));
  EXPECT_THAT(data.groups, ElementsAre(0, 1, 0));
  EXPECT_THAT(data.pixels, ElementsAre(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
}

TEST(Omniglot, TopFolderAndZipChangeNothing) {
  const TemporaryFolder plain, topped;
  write_all(plain, "");
  write_all(topped, "images_background/");
  std::map<std::string, Bytes> entries;
  for (const auto& [name, content] : kDrawings) entries["images_background/" + name] = content;
  const auto zip = plain.write_zip("z.zip", entries);
  const Dataset data = load_omniglot(topped.path());
  EXPECT_EQ(load_omniglot(zip), data);
  std::filesystem::remove(zip);
  EXPECT_EQ(load_omniglot(plain.path()), data);
}

TEST(Omniglot, FilesOfAnotherLayoutAreRefused) {
  for (const char* name : {"0001_01.png", "Greek/0001_01.png", "Greek/alpha/0001_01.png", "Greek/character01/0001.png",
                           "Greek/character01/0001_x.png", "Greek/character01/0001_01.jpg"}) {
    const TemporaryFolder folder;
    folder.write(name, flat_png(2, 2, 0));
    EXPECT_THAT(refusal([&] { load_omniglot(folder.path()); }),
                HasSubstr(std::string(name) + " is no Omniglot drawing"));
  }
}

TEST(Omniglot, MixedSizesDamageAndEmptinessAreRefused) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "Greek");
  EXPECT_THAT(refusal([&] { load_omniglot(folder.path()); }), HasSubstr("has no files"));
  write_all(folder, "");
  folder.write("Latin/character01/0002_01.png", flat_png(3, 2, 0));
  EXPECT_THAT(refusal([&] { load_omniglot(folder.path()); }),
              AllOf(HasSubstr("0002_01.png is 2x3 gray"), HasSubstr("0001_01.png is 2x2 gray")));
  folder.write("Latin/character01/0002_01.png", prefix(flat_png(2, 2, 0), 45));
  EXPECT_THAT(refusal([&] { load_omniglot(folder.path()); }), HasSubstr("0002_01.png is a damaged PNG"));
  EXPECT_THAT(refusal([&] { load_omniglot(folder / "none"); }), HasSubstr("none does not exist"));
}

TEST(OmniglotRealData, EvaluationSetHasItsPublishedCounts) {
  const auto path = real_data("omniglot/images_evaluation.zip");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs " << path;
  const Dataset data = load_omniglot(path);
  EXPECT_EQ(data.shape, (ImageShape{.channels = 1, .height = 105, .width = 105}));
  EXPECT_EQ(data.size(), 13180u);
  EXPECT_EQ(data.classes.size(), 659u);
  EXPECT_EQ(data.group_names.size(), 20u);
  for (const auto& drawings : indices_by_class(data)) EXPECT_EQ(drawings.size(), 20u);
  const auto ink = std::count(data.pixels.begin(), data.pixels.end(), 0);
  const auto paper = std::count(data.pixels.begin(), data.pixels.end(), 255);
  EXPECT_EQ(static_cast<std::size_t>(ink + paper), data.pixels.size());
  EXPECT_LT(ink * 10, paper);
}

}  // namespace
}  // namespace outrider
