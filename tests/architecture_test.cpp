// Who may include whom: the arrows of docs/architecture.md, checked on every include of the sources.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

namespace fs = std::filesystem;
using Folders = std::set<std::string>;

const fs::path kSources = OUTRIDER_SOURCES;

// One #include line. `name` is what stands between the quotes or brackets.
struct Include {
  std::string file;  // relative to the sources
  std::string name;
  bool quoted = false;

  std::string text() const { return file + " includes " + name; }
};

bool ends_with_any(const std::string& text, std::initializer_list<const char*> ends) {
  return std::ranges::any_of(ends, [&](const char* end) { return text.ends_with(end); });
}

std::vector<Include> read_includes(const fs::path& file) {
  static const std::regex line_form(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> includes;
  std::ifstream stream(file);
  std::smatch match;
  for (std::string line; std::getline(stream, line);)
    if (std::regex_search(line, match, line_form))
      includes.push_back({fs::relative(file, kSources).string(), match[2], match[1] == "\""});
  return includes;
}

// Of all sources below the folder but, unless asked for, the tests.
std::vector<Include> includes_of(const std::string& folder) {
  std::vector<Include> includes;
  for (const auto& entry : fs::recursive_directory_iterator(kSources / folder)) {
    const std::string name = entry.path().string();
    if (!ends_with_any(name, {".h", ".cpp"}) || ends_with_any(name, {"_test.cpp"})) continue;
    for (Include& include : read_includes(entry.path())) includes.push_back(std::move(include));
  }
  EXPECT_FALSE(includes.empty()) << "no sources in " << folder;
  return includes;
}

// "learners/nn/plan.h" belongs to learners/nn, "learners/random.h" to learners, "client/core/core.h" to client.
std::string folder_of(const std::string& include) {
  return fs::path(include).parent_path().string();
}
std::string top_folder_of(const std::string& include) {
  return include.substr(0, include.find('/'));
}

const Folders kTopFolders{"knowledge", "storage", "protocol", "learners", "aggregator", "client", "simulations"};

// What each folder may include of the others.
const std::map<std::string, Folders> kMayInclude{
    {"knowledge", {}},
    {"storage", {"knowledge"}},
    {"protocol", {"knowledge"}},
    {"learners", {"knowledge"}},
    {"aggregator", {"knowledge", "storage", "protocol", "learners"}},
    {"client", {"knowledge", "storage", "protocol", "learners"}},
    {"simulations", {"knowledge", "storage", "protocol", "learners", "aggregator", "client"}},
};

class Folder : public ::testing::TestWithParam<std::string> {};

TEST_P(Folder, IncludesOnlyFoldersBelowIt) {
  const Folders& allowed = kMayInclude.at(GetParam());
  for (const Include& include : includes_of(GetParam())) {
    if (!include.quoted) continue;
    const std::string target = top_folder_of(include.name);
    EXPECT_TRUE(kTopFolders.contains(target)) << include.text() << ", which is not named from the sources' root";
    EXPECT_TRUE(target == GetParam() || allowed.contains(target)) << include.text();
  }
}

INSTANTIATE_TEST_SUITE_P(Architecture, Folder, ::testing::ValuesIn(kTopFolders),
                         [](const auto& folder) { return folder.param; });

// A folder and, unless it is a top folder, those in it.
bool lies_in(const std::string& folder, const std::string& wing) {
  return folder == wing || (wing.find('/') != wing.npos && folder.starts_with(wing + "/"));
}

// Of the wings of its own top folder.
void expect_only_wings_below(const std::string& wing, const Folders& allowed) {
  for (const Include& include : includes_of(wing)) {
    if (!include.quoted || top_folder_of(include.name) != top_folder_of(wing)) continue;
    const std::string target = folder_of(include.name);
    EXPECT_TRUE(lies_in(target, wing) ||
                std::ranges::any_of(allowed, [&](const std::string& below) { return lies_in(target, below); }))
        << include.text();
  }
}

// What each wing of simulations/ may include of the others; what lies above them sees all.
const std::map<std::string, Folders> kWings{
    {"report", {}},     {"scenario", {}}, {"experiment", {"report", "scenario", "world"}},       {"world", {}},
    {"mpi", {"world"}}, {"fleet", {}},    {"pretraining", {"report", "scenario", "experiment"}},
};

// A folder of a kind of experiment sees them all, and no other kind.
Folders kinds_of_experiments() {
  Folders kinds;
  for (const auto& entry : fs::directory_iterator(kSources / "simulations"))
    if (fs::exists(entry.path() / "kind.h")) kinds.insert(entry.path().filename().string());
  EXPECT_GE(kinds.size(), 4U);
  return kinds;
}

std::map<std::string, Folders> wings_and_kinds() {
  std::map<std::string, Folders> rules = kWings;
  Folders wings;
  for (const auto& [wing, allowed] : kWings) wings.insert(wing);
  for (const std::string& kind : kinds_of_experiments()) rules.emplace(kind, wings);
  return rules;
}

TEST(Architecture, WingsOfTheSimulationsIncludeOnlyWingsBelowThem) {
  for (const auto& [wing, names] : wings_and_kinds()) {
    Folders allowed;
    for (const std::string& name : names) allowed.insert("simulations/" + name);
    expect_only_wings_below("simulations/" + wing, allowed);
  }
}

TEST(Architecture, EveryWingOfTheSimulationsHasItsRule) {
  const std::map<std::string, Folders> rules = wings_and_kinds();
  for (const auto& entry : fs::directory_iterator(kSources / "simulations"))
    EXPECT_TRUE(!entry.is_directory() || rules.contains(entry.path().filename().string())) << entry.path();
}

TEST(Architecture, EveryFolderWithSourcesHasItsRule) {
  Folders found;
  for (const auto& entry : fs::directory_iterator(kSources))
    if (entry.is_directory() && fs::exists(entry.path() / "CMakeLists.txt"))
      found.insert(entry.path().filename().string());
  for (const char* sees_everything : {"tests", "benchmarks"}) found.erase(sees_everything);
  EXPECT_EQ(found, kTopFolders);
}

void expect_only_here(const std::string& what, const std::regex& header, const Folders& folders) {
  bool used = false;
  for (const std::string& folder : kTopFolders)
    for (const Include& include : includes_of(folder)) {
      if (!std::regex_search(include.name, header)) continue;
      used = true;
      const std::string from = folder_of(include.file);
      EXPECT_TRUE(folders.contains(from)) << include.text() << ": " << what << " stays in its folder";
    }
  EXPECT_TRUE(used) << "nobody includes " << what << ": the rule has lost its object";
}

TEST(Architecture, OnlyTheTrainingEngineKnowsOneDnn) {
  expect_only_here("oneDNN", std::regex("^(oneapi/dnnl|dnnl)"), {"learners/nn"});
}

TEST(Architecture, OnlyTheStorageKnowsRocksDb) {
  expect_only_here("RocksDB", std::regex("^rocksdb/"), {"storage"});
}

TEST(Architecture, OnlyTheProtocolKnowsZeroMq) {
  expect_only_here("ZeroMQ", std::regex("^zmq"), {"protocol"});
}

// A value's own dump() throws at text that is no UTF-8.
TEST(Architecture, JsonBecomesTextInOnePlace) {
  Folders places;
  const auto look = [&](const fs::path& file) {
    if (!ends_with_any(file.string(), {".h", ".cpp"}) || ends_with_any(file.string(), {"_test.cpp"})) return;
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);)
      if (line.find(".dump(") != std::string::npos) places.insert(fs::relative(file, kSources).string());
  };
  for (const std::string& folder : kTopFolders)
    for (const auto& entry : fs::recursive_directory_iterator(kSources / folder)) look(entry.path());
  look(kSources / "outrider.cpp");
  EXPECT_EQ(places, Folders{"knowledge/json_text.cpp"});
}

TEST(Architecture, LearnersKnowNoSockets) {
  for (const Include& include : includes_of("learners"))
    EXPECT_FALSE(std::regex_search(include.name, std::regex("^(zmq|rocksdb|boost/(asio|beast)|sys/socket|netinet)")))
        << include.text();
}

// Families share what lies below them.
TEST(Architecture, FamiliesOfLearnersDoNotIncludeEachOther) {
  const Folders families{"learners/prototypical", "learners/supermask", "learners/averaging", "learners/growing"};
  for (const std::string& family : families)
    for (const Include& include : includes_of(family)) {
      const std::string target = folder_of(include.name);
      EXPECT_TRUE(target == family || !families.contains(target)) << include.text();
    }
}

TEST(Architecture, TheTrainingLoopAndSurgeryKnowNoFamilyAndNoLearnerKnowsTheBaselines) {
  const std::regex below_training("^(knowledge|learners/(nn|data|encoders|training))/");
  for (const Include& include : includes_of("learners/training"))
    EXPECT_TRUE(!include.quoted || std::regex_search(include.name, below_training)) << include.text();
  const std::regex below_surgery("^(knowledge|learners/(nn|training|surgery))/|^learners/random.h$");
  for (const Include& include : includes_of("learners/surgery"))
    EXPECT_TRUE(!include.quoted || std::regex_search(include.name, below_surgery)) << include.text();
  for (const Include& include : includes_of("learners"))
    EXPECT_TRUE(folder_of(include.name) != "learners/baselines" || folder_of(include.file) == "learners/baselines")
        << include.text();
}

TEST(Architecture, TheProtocolKnowsOnlyMessages) {
  for (const Include& include : includes_of("protocol"))
    EXPECT_FALSE(std::regex_search(include.name, std::regex("^(rocksdb|oneapi)"))) << include.text();
}

TEST(Architecture, TheStorageKnowsNoSockets) {
  for (const Include& include : includes_of("storage"))
    EXPECT_FALSE(std::regex_search(include.name, std::regex("^(zmq|boost/asio|sys/socket)"))) << include.text();
}

// What the wings of a folder may include of its other wings.
const std::map<std::string, Folders> kWingMayInclude{
    {"aggregator/core", {}},
    {"aggregator/daemon", {"aggregator/core"}},
    {"aggregator/families", {"aggregator/core", "aggregator/daemon"}},
    {"client/core", {}},
    {"client/pictures", {}},
    {"client/daemon", {"client", "client/core", "client/pictures"}},
    {"client/families/averaging", {"client", "client/core", "client/pictures"}},
    {"client/families/growing", {"client", "client/core", "client/pictures"}},
    {"client/families/prototypical", {"client", "client/core", "client/pictures"}},
    {"client/families/supermask", {"client", "client/core", "client/pictures"}},
};

TEST(Architecture, WingsIncludeOnlyWingsBelowThem) {
  for (const auto& [wing, allowed] : kWingMayInclude) expect_only_wings_below(wing, allowed);
}

// So that a family is added without a line in what is there for all.
TEST(Architecture, OnlyListsOfFamiliesNameAFamily) {
  const std::regex family(
      "^learners/(averaging|growing|prototypical|supermask)/|^(aggregator|client)/families/[a-z]+[/.]");
  std::size_t seen = 0;
  for (const char* side : {"aggregator", "client"})
    for (const Include& include : includes_of(side)) {
      if (!std::regex_search(include.name, family) || fs::path(include.file).filename().string().starts_with("test_"))
        continue;
      ++seen;
      EXPECT_TRUE(include.file.starts_with(std::string(side) + "/families/")) << include.text();
    }
  for (const char* door : {"knowledge", "storage", "protocol"})
    for (const Include& include : includes_of(door))
      EXPECT_FALSE(std::regex_search(include.name, family)) << include.text();
  EXPECT_GT(seen, 0U);
}

// The state machines and all that they are made of.
Folders core_files() {
  Folders files;
  for (const char* folder : {"aggregator/core", "client/core"})
    for (const auto& entry : fs::directory_iterator(kSources / folder)) {
      const std::string name = entry.path().filename().string();
      if (ends_with_any(name, {".h", ".cpp"}) && !ends_with_any(name, {"_test.cpp"}))
        files.insert(std::string(folder) + "/" + name);
    }
  return files;
}

TEST(Architecture, CoresHoldNoSocketThreadClockFileOrRandomDevice) {
  const Folders files = core_files();
  for (const char* part :
       {"aggregator/core/core.cpp", "aggregator/core/catalogue.cpp", "aggregator/core/shelf.cpp",
        "aggregator/core/uploads.cpp", "aggregator/core/roster.cpp", "client/core/core.cpp", "client/core/outbox.cpp",
        "client/core/replica.cpp", "client/core/core_fetch.cpp", "client/core/fetch.cpp", "client/core/incoming.cpp",
        "client/core/partial_fetches.cpp", "client/core/upload.cpp"})
    EXPECT_TRUE(files.contains(part)) << part << " is no part of a core any more";
  const std::regex forbidden_header(
      "^(boost/"
      "asio.*|zmq.*|thread|stop_token|future|mutex|shared_mutex|condition_variable|fstream|iostream|cstdio|random|"
      "ctime|unistd.h|fcntl.h|spdlog/.*|protocol/transport.h|sys/.*|rocksdb/.*)$");
  const std::regex forbidden_use(
      "steady_clock|system_clock|high_resolution_clock|random_device|std::filesystem|getenv");
  for (const std::string& file : files) {
    for (const Include& include : read_includes(kSources / file))
      EXPECT_FALSE(std::regex_match(include.name, forbidden_header)) << include.text();
    std::ifstream stream(kSources / file);
    for (std::string line; std::getline(stream, line);)
      EXPECT_FALSE(std::regex_search(line, forbidden_use)) << file << ": " << line;
  }
}

TEST(Architecture, NoFolderOrFileIsADrawerForEverything) {
  const std::regex drawer("(^|[/_])(utils?|common|helpers?|misc)([_./]|$)");
  for (const std::string& folder : kTopFolders)
    for (const auto& entry : fs::recursive_directory_iterator(kSources / folder)) {
      const std::string name = fs::relative(entry.path(), kSources).string();
      EXPECT_FALSE(std::regex_search(name, drawer)) << name;
    }
}

}  // namespace
}  // namespace outrider
