#include "learners/data/fsdd.h"

#include "learners/data/log_mel.h"
#include "learners/data/split.h"
#include "learners/data/test_files.h"
#include "learners/data/test_sounds.h"

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

TEST(Fsdd, DividesByTakeAndGroupsBySpeaker) {
  const TemporaryFolder folder;
  const std::map<std::string, Bytes> recordings{{"recordings/7_theo_0.wav", wav_of(tone(300, 2000))},
                                                {"recordings/3_theo_5.wav", wav_of(tone(500, 2000))},
                                                {"recordings/3_ann_b_49.wav", wav_of(tone(900, 2000))}};
  for (const auto& [name, content] : recordings) folder.write(name, content);
  const Dataset train = load_fsdd(folder.path(), Part::train);
  EXPECT_THAT(train.labels, ElementsAre(3, 3));
  EXPECT_THAT(train.groups, ElementsAre(0, 1));
  EXPECT_THAT(train.group_names, ElementsAre("ann_b", "theo"));
  EXPECT_EQ(train.classes.size(), 10u);
  EXPECT_THAT(train.image(1), ElementsAreArray(log_mel(tone(500, 2000)).pixels));
  const Dataset test = load_fsdd(folder.path(), Part::test);
  EXPECT_THAT(test.labels, ElementsAre(7));
  EXPECT_THAT(test.groups, ElementsAre(1));
  EXPECT_EQ(load_fsdd(folder.write_zip("z.zip", recordings), Part::train), train);
}

TEST(Fsdd, OtherFilesAreRefused) {
  for (const char* name : {"readme.md", "3_theo.wav", "x_theo_1.wav", "10_theo_1.wav", "3_theo_x.wav", "3__1.wav"}) {
    const TemporaryFolder folder;
    folder.write(name, wav_of(tone(300, 2000)));
    EXPECT_THAT(refusal([&] { load_fsdd(folder.path(), Part::train); }),
                HasSubstr(std::string(name) + " is no recording of a digit"));
  }
}

TEST(Fsdd, WrongRateDamageAndMissingPartAreRefused) {
  const TemporaryFolder folder;
  folder.write("3_theo_9.wav", wav_of(tone(300, 2000), 16000));
  EXPECT_THAT(refusal([&] { load_fsdd(folder.path(), Part::train); }),
              AllOf(HasSubstr("3_theo_9.wav has 16000 samples per second"), HasSubstr("8000")));
  EXPECT_THAT(refusal([&] { load_fsdd(folder.path(), Part::test); }), HasSubstr("no recordings of its test part"));
  folder.write("3_theo_9.wav", prefix(wav_of(tone(300, 2000)), 100));
  EXPECT_THAT(refusal([&] { load_fsdd(folder.path(), Part::train); }), HasSubstr("3_theo_9.wav is truncated"));
  EXPECT_THAT(refusal([&] { load_fsdd(folder / "none", Part::train); }), HasSubstr("none does not exist"));
}

TEST(FsddRealData, HasItsPublishedCounts) {
  const auto path = real_data("fsdd/recordings.zip");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs " << path;
  const Dataset train = load_fsdd(path, Part::train), test = load_fsdd(path, Part::test);
  EXPECT_EQ(train.size(), 2700u);
  EXPECT_EQ(test.size(), 300u);
  EXPECT_THAT(train.group_names, ElementsAre("george", "jackson", "lucas", "nicolas", "theo", "yweweler"));
  for (const auto& recordings : indices_by_group(test)) EXPECT_EQ(recordings.size(), 50u);
  for (const auto& recordings : indices_by_class(test)) EXPECT_EQ(recordings.size(), 30u);
}

}  // namespace
}  // namespace outrider
