// Mistakes with states and pre-trained encoders: missing, in use, damaged, or something else.
#include <gmock/gmock.h>

#include "learners/prototypical/pretrained.h"
#include "learners/random.h"
#include "tests/daemons.h"
#include "tests/fashion.h"
#include "tests/mistakes.h"

namespace outrider::testing {
namespace {

std::string noise(std::size_t bytes) {
  Random random(1, "noise");
  std::string text(bytes, ' ');
  for (char& byte : text) byte = static_cast<char>(random.below(256));
  return text;
}

class PretrainedFile : public ::testing::Test {
 protected:
  Outcome start_with(const std::filesystem::path& file) {
    return run({"aggregator", "--state", site.path("state").string(), "--listen", "tcp://127.0.0.1:*", "--pretrained",
                file.string()});
  }
  void expect_refused(const std::string& what) {
    const std::filesystem::path file = site.path("bad.outrider");
    SCOPED_TRACE(what);
    expect_complaint(start_with(file), kFailure, {file.string()});
  }

  Site site;
};

TEST_F(PretrainedFile, ThatIsMissingIsNamedWithWhatMakesOne) {
  expect_complaint(start_with("/nowhere/x.outrider"), kFailure, {"/nowhere/x.outrider", "outrider pretrain"});
}

TEST_F(PretrainedFile, ThatIsAFolderIsRefused) {
  std::filesystem::create_directories(site.path("bad.outrider"));
  expect_refused("a folder");
}

TEST_F(PretrainedFile, WithGarbageInsteadOfContentIsRefused) {
  for (const std::string& content :
       {std::string(), std::string("hello"), noise(4096), noise(4099), std::string(4096, '\0')}) {
    write_text(site.path("bad.outrider"), content);
    expect_refused(std::to_string(content.size()) + " bytes");
  }
}

TEST_F(PretrainedFile, WithAnEncoderOfGarbageIsRefused) {
  const std::string garbage = noise(4096);
  Pretrained pretrained;
  pretrained.encoder.assign(garbage.begin(), garbage.end());
  save_pretrained(pretrained, site.path("bad.outrider"));
  expect_refused("garbage as encoder");
}

TEST_F(PretrainedFile, ThatWasCutShortIsRefusedWhereverItWasCut) {
  const std::string whole = text_of_file(site.encoder());
  for (const std::size_t size : {whole.size() / 8 / 3 * 8, whole.size() / 2, whole.size() - 8, whole.size() - 1}) {
    write_text(site.path("bad.outrider"), whole.substr(0, size));
    expect_refused(std::to_string(size) + " of " + std::to_string(whole.size()) + " bytes");
  }
}

TEST_F(PretrainedFile, WithASingleFlippedByteIsRefused) {
  const std::string whole = text_of_file(site.encoder());
  for (std::size_t position = 3; position < whole.size(); position += whole.size() / 20) {
    std::string damaged = whole;
    damaged[position] = static_cast<char>(damaged[position] ^ 0x40);  // in a weight, the exponent
    write_text(site.path("bad.outrider"), damaged);
    expect_refused("byte " + std::to_string(position));
  }
}

TEST_F(PretrainedFile, ThatIsRefusedLeavesAStateThatAGoodOneCanUse) {
  write_text(site.path("bad.outrider"), noise(4096));
  expect_complaint(run({"aggregator", "--state", site.path("aggregator").string(), "--listen", "tcp://127.0.0.1:*",
                        "--pretrained", site.path("bad.outrider").string()}),
                   kFailure, {"bad.outrider"});
  const Process aggregator = site.start_aggregator_with_encoder();
  EXPECT_EQ(site.status().topics.size(), kBaseClasses);
}

TEST(StateDirectory, InUseByAnotherProcessIsNamed) {
  Site site;
  std::filesystem::create_directories(site.path("data"));
  const Process aggregator = site.start_aggregator();
  const std::string state = site.path("aggregator").string();
  expect_complaint(run({"aggregator", "--state", state, "--listen", "tcp://127.0.0.1:*"}), kFailure,
                   {state, "in use by another process"});
  expect_complaint(
      run({"client", "--state", state, "--data", site.path("data").string(), "--aggregator", site.address()}), kFailure,
      {state, "in use by another process"});
}

// The states hold secret keys, and were made readable by everybody before the programs started.
TEST(StateDirectory, IsForItsOwnerAloneWhateverItWas) {
  Site site;
  for (const std::filesystem::path& state : {site.path("aggregator"), site.state("ann")}) {
    std::filesystem::create_directories(state);
    std::filesystem::permissions(state, std::filesystem::perms(0755));
  }
  const Process aggregator = site.start_aggregator_with_encoder();
  const Process client = site.start_client("ann");
  ASSERT_TRUE(eventually([&] { return site.caught_up("ann"); })) << client.errors();
  for (const std::filesystem::path& state : {site.path("aggregator"), site.state("ann")}) {
    EXPECT_EQ(std::filesystem::status(state).permissions(), std::filesystem::perms(0700)) << state;
    for (const auto& entry : std::filesystem::directory_iterator(state))
      EXPECT_EQ(entry.status().permissions(), std::filesystem::perms(0600)) << entry.path();
  }
}

TEST(StateDirectory, WhoseLogIsGoneIsRefusedRatherThanOneRevisionEarlier) {
  Site site;
  {
    Process aggregator = site.start_aggregator_with_encoder();
    aggregator.send(SIGKILL);
    aggregator.wait(std::chrono::seconds(5));
  }
  std::size_t removed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(site.path("aggregator")))
    if (entry.path().extension() == ".log") removed += std::filesystem::remove(entry.path()) ? 1 : 0;
  ASSERT_GE(removed, 1U);
  expect_complaint(run({"aggregator", "--state", site.path("aggregator").string(), "--listen", "tcp://127.0.0.1:*"}),
                   kFailure, {site.path("aggregator").string(), "is damaged", ".log", "is missing"});
}

TEST(StateDirectory, ThatCannotBeCreatedIsNamed) {
  Site site;
  std::filesystem::create_directories(site.path("data"));
  write_text(site.path("file"), "no folder");
  const std::string state = site.path("file/state").string();
  expect_complaint(run({"aggregator", "--state", state, "--listen", "tcp://127.0.0.1:*"}), kFailure, {state});
  expect_complaint(
      run({"client", "--state", state, "--data", site.path("data").string(), "--aggregator", "tcp://127.0.0.1:7700"}),
      kFailure, {state});
}

// What predict says of a state that has nothing to predict with.
class PredictFromState : public ::testing::Test {
 protected:
  Outcome predict(const std::filesystem::path& state) {
    std::filesystem::create_directories(site.path("pictures"));
    show(site.path("pictures"), "bag", pictures_of("bag", 0, 1));
    const auto picture = site.path("pictures/bag/" + std::to_string(pictures_of("bag", 0, 1).front()) + ".png");
    return run({"predict", picture.string(), "--state", state.string()});
  }
  // Runs a client against the aggregator until the condition holds, and stops it.
  template <typename Condition>
  void run_client(Condition&& condition) {
    Process client = site.start_client("ann");
    ASSERT_TRUE(eventually(condition)) << client.errors();
    client.send(SIGTERM);
    ASSERT_TRUE(client.wait(std::chrono::seconds(5)));
  }

  Site site;
};

TEST_F(PredictFromState, ThatIsMissing) {
  expect_complaint(predict("/nowhere/state"), kFailure, {"/nowhere/state", "no store"});
  EXPECT_FALSE(std::filesystem::exists("/nowhere/state"));
}

TEST_F(PredictFromState, ThatIsSomeOtherFolder) {
  write_text(site.path("note"), "hello");
  expect_complaint(predict(site.path("")), kFailure, {site.path("").string()});
}

TEST_F(PredictFromState, ThatHasNoEncoder) {
  const Process aggregator = site.start_aggregator();
  run_client([&] { return site.client_status("ann").has_value(); });
  expect_complaint(predict(site.state("ann")), kFailure, {site.state("ann").string(), "no encoder yet"});
}

TEST_F(PredictFromState, ThatKnowsNoClass) {
  Pretrained without_classes = load_pretrained(site.encoder());
  without_classes.classes.clear();
  save_pretrained(without_classes, site.path("bare.outrider"));
  const Process aggregator =
      site.start_aggregator("tcp://127.0.0.1:*", {"--pretrained", site.path("bare.outrider").string()});
  Process client = site.start_client("ann");
  ASSERT_TRUE(eventually([&] { return client.errors().find("received the encoder") != std::string::npos; }))
      << client.errors();
  expect_complaint(predict(site.state("ann")), kFailure, {site.state("ann").string(), "knows no class yet"});
}

}  // namespace
}  // namespace outrider::testing
