#include "simulations/experiment/run_journal.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "knowledge/whole_file.h"

namespace outrider::simulations {
namespace {

class Journal : public testing::Test {
 protected:
  RunJournal open() const { return {place.path(), RunLock(place.path())}; }
  std::filesystem::path file(const std::string& name) const { return place.path() / "journal" / name; }

  TemporaryDirectory place;
};

TEST_F(Journal, GivesBackTheVeryBits) {
  const nlohmann::json value{{"accuracy", 0.1 + 0.2}, {"one", 1.0}, {"seed", UINT64_MAX}, {"list", {1e-300, -0.0}}};
  open().put("supsup at 0.1 with seed 1", value);
  const auto kept = open().get("supsup at 0.1 with seed 1");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->dump(), value.dump());
  EXPECT_EQ(kept->at("accuracy").get<double>(), 0.1 + 0.2);
}

TEST_F(Journal, KeepsTheLatestOfEveryKey) {
  RunJournal journal = open();
  EXPECT_FALSE(journal.get("seed 1"));
  journal.put("seed 1", 1);
  journal.put("a/b", 2);
  journal.put("seed 1", 3);
  EXPECT_EQ(journal.get("seed 1"), nlohmann::json(3));
  EXPECT_EQ(journal.get("a/b"), nlohmann::json(2));
  EXPECT_FALSE(journal.get("seed 2"));
}

TEST_F(Journal, DoesNotBelieveADamagedFile) {
  RunJournal journal = open();
  journal.put("seed 1", {{"accuracy", 0.25}});
  const std::string whole = content_of_file(file("seed 1.json"));
  std::string other = whole;
  other.replace(other.find("0.25"), 4, "0.75");
  for (const std::string& damaged : {std::string(), whole.substr(0, whole.size() / 2), other, std::string("[1, 2]")}) {
    std::ofstream(file("seed 1.json")) << damaged;
    EXPECT_FALSE(journal.get("seed 1")) << damaged;
  }
  std::ofstream(file("seed 2.json")) << whole;
  EXPECT_FALSE(journal.get("seed 2")) << "of another key";
  std::ofstream(file("seed 1.json")) << whole;
  EXPECT_TRUE(journal.get("seed 1"));
}

TEST_F(Journal, SaysWhatCannotBeWritten) {
  RunJournal journal = open();
  std::filesystem::remove_all(place.path() / "journal");
  try {
    journal.put("seed 1", 1);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::ContainsRegex("journal/seed 1.json cannot be written: No such file"));
  }
}

}  // namespace
}  // namespace outrider::simulations
