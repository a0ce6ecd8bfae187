#include "learners/data/file_tree.h"

#include <sys/stat.h>

#include "learners/data/limits.h"
#include "learners/data/test_files.h"

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kLimit = 1000;
const Bytes kContent{1, 2, 3, 4};

void overwrite(const std::filesystem::path& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::size_t find(const Bytes& bytes, std::string_view text) {
  return text_of(bytes).find(text);
}

TEST(FileTree, FolderAndZipListAlike) {
  const TemporaryFolder folder;
  for (const char* name : {"d/b/2", "d/b/1", "d/a b/x", "d/a/x", "d/.hidden/x", "d/a/.x"}) folder.write(name, kContent);
  const auto zip = folder.write_zip(
      "z.zip", {{"b/2", kContent}, {"b/1", kContent}, {"a b/x", kContent}, {"a/x", kContent}, {"a/.x", kContent}});
  for (const auto& path : {folder / "d", zip}) {
    const auto tree = FileTree::open(path);
    EXPECT_THAT(tree->names(), ElementsAre("a b/x", "a/x", "b/1", "b/2"));
    EXPECT_EQ(tree->read(1, kLimit), kContent);
    EXPECT_EQ(tree->where(1), path.string() + "/a/x");
  }
}

TEST(FileTree, InsideStartsBelowAFolder) {
  const TemporaryFolder folder;
  folder.write("d/train/a/1", kContent);
  folder.write("d/test/a/2", kContent);
  const auto zip = folder.write_zip("z.zip", {{"train/a/1", kContent}, {"test/a/2", kContent}, {"trainer/b", {}}});
  for (const auto& path : {folder / "d", zip}) {
    EXPECT_THAT(FileTree::open(path, "train")->names(), ElementsAre("a/1"));
    EXPECT_THAT(FileTree::open(path, "train/")->where(0), path.string() + "/train/a/1");
    EXPECT_THAT(refusal([&] { FileTree::open(path, "none"); }), HasSubstr(path.string() + "/none"));
  }
}

TEST(FileTree, KnowsFoldersWithoutFiles) {
  const TemporaryFolder folder;
  folder.write("a/b/1", kContent);
  std::filesystem::create_directories(folder / "a-" / ".hidden");
  std::filesystem::create_directories(folder / "c");
  EXPECT_THAT(FileTree::open(folder.path())->empty_folders(), ElementsAre("a-", "c"));
}

TEST(FileTree, LinkedFoldersAreFollowedButNotForEver) {
  const TemporaryFolder folder;
  folder.write("real/1", kContent);
  std::filesystem::create_directory(folder / "tree");
  std::filesystem::create_directory_symlink(folder / "real", folder / "tree" / "linked");
  EXPECT_THAT(FileTree::open(folder / "tree")->names(), ElementsAre("linked/1"));
  std::filesystem::create_directory_symlink(folder / "tree", folder / "tree" / "loop");
  EXPECT_THAT(refusal([&] { FileTree::open(folder / "tree"); }), HasSubstr("nested deeper than"));
}

TEST(FileTree, MissingEmptyAndForeignAreRefused) {
  const TemporaryFolder folder;
  EXPECT_THAT(refusal([&] { FileTree::open(folder / "none"); }), HasSubstr("none does not exist"));
  EXPECT_THAT(refusal([&] { FileTree::open(folder.path()); }), HasSubstr("has no files"));
  const std::string long_name(300, 'n');
  EXPECT_THAT(refusal([&] { FileTree::open(folder / long_name); }), HasSubstr(long_name + " cannot be opened: "));
  const auto text = folder.write("text", bytes_of("this is no archive"));
  EXPECT_THAT(refusal([&] { FileTree::open(text); }), HasSubstr("text is no readable zip archive"));
}

TEST(FileTree, TruncatedZipIsRefused) {
  const TemporaryFolder folder;
  const auto zip = folder.write_zip("z.zip", {{"a", kContent}});
  const Bytes whole = content_of(zip);
  overwrite(zip, prefix(whole, whole.size() / 2));
  EXPECT_THAT(refusal([&] { FileTree::open(zip); }), HasSubstr("z.zip is no readable zip archive"));
}

TEST(FileTree, DamagedZipEntryIsRefused) {
  const TemporaryFolder folder;
  const auto zip = folder.write_zip("z.zip", {{"a", Bytes(50, 'x')}});
  Bytes bytes = content_of(zip);
  bytes[find(bytes, "xxxx") + 10] = 'y';
  overwrite(zip, bytes);
  const auto tree = FileTree::open(zip);
  EXPECT_THAT(refusal([&] { tree->read(0, kLimit); }), AllOf(HasSubstr("z.zip/a"), HasSubstr("damaged")));
}

TEST(FileTree, EntriesOverTheLimitAreRefused) {
  const TemporaryFolder folder;
  folder.write("d/a", Bytes(kLimit + 1, 0));
  const auto zip = folder.write_zip("z.zip", {{"a", Bytes(kLimit + 1, 0)}}, /*store=*/false);
  for (const auto& path : {folder / "d", zip}) {
    const auto tree = FileTree::open(path);
    EXPECT_EQ(refusal([&] { tree->read(0, kLimit); }), path.string() + "/a has 1001 bytes; at most 1000 are read");
    EXPECT_EQ(tree->read(0, kLimit + 1).size(), kLimit + 1);
  }
}

TEST(FileTree, AnArchiveThatUnpacksToFarMoreIsRefusedByWhatItClaims) {
  const TemporaryFolder folder;
  const Bytes zeros(std::size_t{40} << 20);
  const auto zip = folder.write_zip("z.zip", {{"a", zeros}, {"b", zeros}}, /*store=*/false);
  EXPECT_THAT(refusal([&] { FileTree::open(zip); }), HasSubstr("claims to hold 83886080 bytes"));
  EXPECT_EQ(FileTree::open(folder.write_zip("y.zip", {{"a", zeros}}, /*store=*/false))->names().size(), 1U);
  EXPECT_EQ(FileTree::open(folder.write_zip("x.zip", {{"a", zeros}, {"b", zeros}}))->names().size(), 2U);
}

TEST(FileTree, EntryThatLiesAboutItsSizeIsRefused) {
  const TemporaryFolder folder;
  const auto zip = folder.write_zip("z.zip", {{"a", Bytes(500, 0)}}, /*store=*/false);
  const Bytes good = content_of(zip);
  const std::size_t directory = find(good, "PK\x01\x02");
  const auto with_size = [&](std::uint32_t size) {
    Bytes bad = good;
    for (std::size_t i = 0; i < 4; ++i) bad[directory + 24 + i] = static_cast<std::uint8_t>(size >> (8 * i));
    overwrite(zip, bad);
    return refusal([&] { FileTree::open(zip)->read(0, kLimit); });
  };
  EXPECT_THAT(with_size(0xfffffff0), HasSubstr("has 4294967280 bytes; at most 1000"));
  EXPECT_THAT(with_size(499), HasSubstr("z.zip/a"));
  EXPECT_THAT(with_size(501), HasSubstr("z.zip/a"));
}

TEST(FileTree, PipeIsNoFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal([&] { FileTree::open(folder.path())->read(0, kLimit); }), HasSubstr("pipe is no regular file"));
}

}  // namespace
}  // namespace outrider
