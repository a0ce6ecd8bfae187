#include "learners/data/fingerprint.h"

#include <functional>

#include "learners/data/test_files.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

TEST(Fingerprint, KnowsTheStandardsExample) {  // FIPS 180-2, appendix B.1
  constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const TemporaryFolder folder;
  EXPECT_EQ(sha256_of_text("abc"), kAbc);
  EXPECT_EQ(sha256_of_file(folder.write("abc", bytes_of("abc"))), kAbc);
}

TEST(Fingerprint, FilesOfManyBuffersAreReadWhole) {
  const TemporaryFolder folder;
  const std::string text((std::size_t{1} << 21) + 3, 'x');
  EXPECT_EQ(sha256_of_file(folder.write("long", bytes_of(text))), sha256_of_text(text));
}

TEST(Fingerprint, MissingFileIsNamed) {
  const TemporaryFolder folder;
  EXPECT_THAT(refusal([&] { sha256_of_file(folder / "none"); }), HasSubstr("none does not exist"));
  EXPECT_THAT(refusal([&] { sha256_of_file(folder.path()); }), HasSubstr("is no regular file"));
}

TEST(Fingerprint, DependsOnEveryField) {
  const Dataset data{.shape = {.channels = 1, .height = 1, .width = 2},
                     .pixels = {0, 10, 20, 40},
                     .labels = {1, 0},
                     .classes = {"a", "b"},
                     .groups = {0, 0},
                     .group_names = {"ann"}};
  EXPECT_EQ(sha256_of(data), sha256_of(Dataset(data)));
  const std::vector<std::function<void(Dataset&)>> changes{
      [](Dataset& d) { d.shape = {.channels = 2, .height = 1, .width = 1}; },
      [](Dataset& d) { d.shape = {.channels = 1, .height = 2, .width = 1}; },
      [](Dataset& d) { d.pixels[3] = 41; },
      [](Dataset& d) { d.labels[0] = 0; },
      [](Dataset& d) {
        d.classes = {"ab", ""};
      },
      [](Dataset& d) { d.groups.clear(); },
      [](Dataset& d) { d.group_names[0] = "eve"; }};
  for (const auto& change : changes) {
    Dataset other = data;
    change(other);
    EXPECT_NE(sha256_of(other), sha256_of(data));
  }
}

}  // namespace
}  // namespace outrider
