// Files that are no pictures, given to predict or left in a watched folder.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "learners/data/image.h"
#include "tests/daemons.h"
#include "tests/fashion.h"
#include "tests/mistakes.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

bool says(const Process& process, const std::string& text) {
  return process.errors().find(text) != std::string::npos;
}

Bytes png_of(std::size_t picture) {
  return encode_png(fashion().shape, fashion().image(picture));
}

class Pictures : public ::testing::Test {
 protected:
  Pictures() : aggregator(site.start_aggregator_with_encoder()) {}

  Site site;
  Process aggregator;
};

TEST_F(Pictures, GivenToPredictThatAreNoneAreNamed) {
  Process client = site.start_client("ann");
  ASSERT_TRUE(eventually([&] { return pictures_known(site.state("ann")).size() == kBaseClasses; })) << client.errors();
  const Bytes whole = png_of(pictures_of("bag", 0, 1).front());
  write_text(site.path("note.png"), "hello");
  write_text(site.path("empty.png"), "");
  write_text(site.path("half.png"), std::string(text_of(ByteView(whole).first(whole.size() / 2))));
  std::filesystem::create_directories(site.path("folder.png"));
  for (const char* name : {"note.png", "empty.png", "half.png", "folder.png", "missing.png"})
    expect_complaint(run({"predict", site.path(name).string(), "--state", site.state("ann").string()}), kFailure,
                     {site.path(name).string()});
}

TEST_F(Pictures, ThatAreCorruptAreLoggedTheOthersLearnedAndTheyTooOnceRepaired) {
  const auto pictures = pictures_of("sneaker", 0, 6);
  show(site.data("ann"), "sneaker", {pictures.begin(), pictures.begin() + 5});
  const std::filesystem::path corrupt = site.data("ann") / "sneaker" / "corrupt.png";
  const Bytes whole = png_of(pictures.back());
  write_text(corrupt, std::string(text_of(ByteView(whole).first(whole.size() / 2))));
  Process client = site.start_client("ann");
  ASSERT_TRUE(eventually([&] { return pictures_known(site.state("ann"), "sneaker") == 5; })) << client.errors();
  EXPECT_TRUE(eventually([&] { return says(client, corrupt.string()); })) << client.errors();
  write_text(corrupt, std::string(text_of(whole)));
  EXPECT_TRUE(eventually([&] { return pictures_known(site.state("ann"), "sneaker") == 6; })) << client.errors();
}

// What a decoder would take far more memory for than the device has, and what must not be read whole.
TEST_F(Pictures, ThatClaimTooMuchAreNamedAndTheOthersLearned) {
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 3));
  Bytes claim = png_of(pictures_of("bag", 0, 1).front());
  claim[18] = claim[22] = 0x40;  // 16384 and more; the header's checksum fails, too
  write_text(site.data("ann") / "sneaker" / "a-claim.png", std::string(text_of(claim)));
  write_text(site.data("ann") / "sneaker" / "a-sparse.png", "x");
  std::filesystem::resize_file(site.data("ann") / "sneaker" / "a-sparse.png", std::uintmax_t{3} << 30);
  std::filesystem::create_symlink("b-loop.png", site.data("ann") / "sneaker" / "b-loop.png");
  std::filesystem::create_symlink("a-circle", site.data("ann") / "a-circle");
  ASSERT_EQ(::mkfifo((site.data("ann") / "sneaker" / "fifo.png").c_str(), 0600), 0);
  Process client = site.start_client("ann");
  EXPECT_TRUE(eventually([&] { return pictures_known(site.state("ann"), "sneaker") == 3; })) << client.errors();
  for (const char* name : {"a-claim.png", "a-sparse.png", "b-loop.png", "a-circle", "fifo.png"})
    EXPECT_TRUE(eventually([&] { return says(client, name); })) << name << ": " << client.errors();
  EXPECT_LT(client.peak_bytes(), std::size_t{500} << 20);
  EXPECT_TRUE(client.running());
}

TEST_F(Pictures, ThatStayCorruptAreComplainedOfOnce) {
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 3));
  for (const char* name : {"a.png", "b.png"}) write_text(site.data("ann") / "sneaker" / name, "hello");
  Process client = site.start_client("ann");
  ASSERT_TRUE(eventually([&] { return says(client, "a.png") && says(client, "b.png"); })) << client.errors();
  rest(3500ms);  // three further looks
  const std::string log = client.errors();
  for (const char* name : {"a.png", "b.png"}) EXPECT_EQ(log.find(name), log.rfind(name)) << log;
  EXPECT_TRUE(client.running());
}

}  // namespace
}  // namespace outrider::testing
