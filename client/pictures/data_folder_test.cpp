#include "client/pictures/data_folder.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class DataFolder : public testing::Test {
 protected:
  DataFolder() {
    for (const char* name : {"pictures", "photographs", ".picture"}) fs::create_directory(in(name));
    std::ofstream(in("picturez")) << "a file";
  }
  fs::path in(const std::string& name) const { return directory_.path() / name; }
  std::string objection(const fs::path& folder) const {
    return objection_of([&] { require_data_folder(folder); }).value_or("");
  }

  TemporaryDirectory directory_;
};

TEST_F(DataFolder, ThatIsThereIsFine) {
  EXPECT_EQ(objection(in("pictures")), "");
  EXPECT_EQ(objection(in("pictures") / ""), "");
}

TEST_F(DataFolder, ThatIsMisspeltNamesTheNearestBesideItAndIsNotMade) {
  for (const char* typo : {"picturs", "Pictures", "pictuers", "picture", "pictures2"}) {
    EXPECT_THAT(objection(in(typo)), AllOf(HasSubstr(in(typo).string() + " does not exist"),
                                           HasSubstr("is " + in("pictures").string() + " meant")));
    EXPECT_FALSE(fs::exists(in(typo)));
  }
  EXPECT_THAT(objection(in("picturs") / ""), HasSubstr("is " + in("pictures").string() + " meant"));
}

TEST_F(DataFolder, ThatIsLikeNoneBesideItNamesNone) {
  for (const fs::path& folder : {in("x"), in("shoes"), in("missing") / "pictures"})
    EXPECT_THAT(objection(folder), AllOf(HasSubstr("does not exist"), Not(HasSubstr("meant"))));
}

TEST_F(DataFolder, ThatIsNoneIsRefused) {
  EXPECT_THAT(objection(in("picturez")), HasSubstr("is no folder"));
  fs::create_symlink(in("loop"), in("loop"));
  EXPECT_THAT(objection(in("loop")), HasSubstr("cannot be looked at"));
}

TEST_F(DataFolder, WithAnotherNameThanTextIsShownAsText) {
  const std::string said = objection(in("a\nb\xff"));
  EXPECT_THAT(said, AllOf(HasSubstr("a\\nb\\xFF"), Not(HasSubstr("\n"))));
}

}  // namespace
}  // namespace outrider::client
