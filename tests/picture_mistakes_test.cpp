// Files that are no pictures, given to predict or left in a watched folder.
#include <gmock/gmock.h>

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
