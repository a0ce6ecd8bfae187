// The templates and docs/scenarios.md are held against what the readers of scenario files say that they accept.
#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "simulations/class_incremental/mission_scenario.h"
#include "simulations/federated_rounds/rounds_scenario.h"
#include "simulations/kinds.h"
#include "simulations/task_incremental/study.h"
#include "simulations/virtual_fleet/federation.h"

namespace outrider::simulations {
namespace {

using ::testing::HasSubstr;

// What a reader makes of a text: a scenario, or a complaint without the place.
struct Reading {
  std::variant<std::monostate, Scenario, Study, Federation, RoundsScenario> scenario;
  std::string complaint;

  bool operator==(const Reading&) const = default;
};

// One line "key = value  # comment" of a template, perhaps commented out. The comment includes what stands above.
struct TemplateKey {
  std::string table;  // empty: outside of any
  std::string key;
  std::string value;
  std::string comment;
  std::size_t line;
  bool live;
};

const std::regex kHeaderForm(R"(^(# )?\[\[?(\w+)\]\]?$)");
const std::regex kKeyForm(R"(^(# )?([a-z_]+) = ((?:"[^"]*"|\[[^\]]*\]|[^#"\[])+?)( +# (.*))?$)");

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string text_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

class ScenarioTemplate : public ::testing::TestWithParam<std::size_t> {
 protected:
  ScenarioTemplate() : lines_(lines_of(kinds().at(GetParam()).example("my-scenario"))) {
    std::string table;
    std::string above;
    std::smatch match;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const std::string& line = lines_[i];
      if (std::regex_match(line, match, kHeaderForm)) {
        table = match[2];
        headers_.emplace(table, i);
        above.clear();
      } else if (std::regex_match(line, match, kKeyForm)) {
        keys_.push_back({table, match[2], match[3], above + match[5].str(), i, !match[1].matched});
        above.clear();
      } else {
        above += line + " ";
      }
    }
  }

  Reading read(const std::vector<std::string>& lines) const {
    const std::filesystem::path file = directory_.path() / "scenario.toml";
    std::ofstream(file) << text_of(lines);
    try {
      switch (GetParam()) {
        case 0:
          return {load_scenario(file), ""};
        case 1:
          return {load_study(file), ""};
        case 2:
          return {load_federation(file), ""};
        case 3:
          return {load_rounds(file), ""};
      }
    } catch (const InputError& error) {
      return {{}, std::regex_replace(std::string(error.what()), std::regex("^[^:]*:[0-9]+: "), "")};
    }
    return {};
  }

  // The lines with a table that is commented out made live.
  std::vector<std::string> with_table(const std::string& table) const {
    std::vector<std::string> lines = lines_;
    if (table.empty() || !lines[headers_.at(table)].starts_with("# ")) return lines;
    lines[headers_.at(table)].erase(0, 2);
    for (const TemplateKey& key : keys_)
      if (key.table == table && !key.live) lines[key.line].erase(0, 2);
    return lines;
  }

  // What the reader knows in a table, as it says when it meets something else.
  std::vector<std::string> known_in(const std::string& table) const {
    std::vector<std::string> lines = with_table(table);
    const std::size_t at = table.empty() ? keys_.front().line : headers_.at(table) + 1;
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), "unheard_of = 1");
    const std::string complaint = read(lines).complaint;
    EXPECT_THAT(complaint, HasSubstr("no key 'unheard_of'; known: "));
    std::vector<std::string> known;
    std::istringstream words(complaint.substr(complaint.find("known: ") + 7));
    for (std::string word; std::getline(words >> std::ws, word, ',');) known.push_back(word);
    return known;
  }

  bool names(const std::string& table, const std::string& key) const {
    if (table.empty() && headers_.contains(key)) return true;
    return std::ranges::any_of(keys_,
                               [&](const TemplateKey& named) { return named.table == table && named.key == key; });
  }

  // "1 to 256", as the reader says when it meets a value of no type that it knows; empty where there is no range.
  std::string range_of(const TemplateKey& key) const {
    std::vector<std::string> lines = with_table(key.table);
    lines[key.line] = key.key + " = {}";
    const std::string complaint = read(lines).complaint;
    EXPECT_THAT(complaint, HasSubstr(key.key + " must be "));
    std::smatch match;
    return std::regex_search(complaint, match, std::regex(R"(from (\S+ to \S+)$)")) ? match[1].str() : "";
  }

  TemporaryDirectory directory_;
  std::vector<std::string> lines_;
  std::map<std::string, std::size_t> headers_;  // table -> line
  std::vector<TemplateKey> keys_;
};

TEST_P(ScenarioTemplate, IsValidAsItIsWritten) {
  EXPECT_EQ(read(lines_).complaint, "");
  EXPECT_EQ(keys_.front().value, "\"my-scenario\"");
}

TEST_P(ScenarioTemplate, NamesEveryKeyThatItsReaderKnows) {
  for (const std::string& key : known_in("")) EXPECT_TRUE(names("", key)) << key;
  for (const auto& [table, line] : headers_)
    for (const std::string& key : known_in(table)) EXPECT_TRUE(names(table, key)) << table << "." << key;
}

TEST_P(ScenarioTemplate, SaysWhatEveryKeyMeansAndItsRange) {
  for (const TemplateKey& key : keys_) {
    EXPECT_THAT(key.comment, ::testing::ContainsRegex("default: |required")) << key.table << "." << key.key;
    EXPECT_THAT(key.comment, HasSubstr(range_of(key))) << key.table << "." << key.key;
  }
}

TEST_P(ScenarioTemplate, SaysTheDefaultThatHolds) {
  std::size_t compared = 0;
  const std::regex form(R"(default: (-?[0-9.e+-]+|true|false|"[^"]*"|\[[^\]]*\]))");
  std::smatch match;
  for (const TemplateKey& key : keys_) {
    if (!key.live || !std::regex_search(key.comment, match, form)) continue;
    std::vector<std::string> said = lines_;
    said[key.line] = key.key + " = " + match[1].str();
    std::vector<std::string> silent = lines_;
    silent[key.line].clear();
    EXPECT_EQ(read(said), read(silent)) << key.table << "." << key.key << " by default " << match[1];
    ++compared;
  }
  EXPECT_GT(compared, keys_.size() / 2);
}

// The part of a document below a heading, up to the next of that rank or a higher one.
std::string section(const std::string& document, const std::string& heading) {
  const std::size_t begin = document.find("\n" + heading + "\n");
  if (begin == std::string::npos) return "";
  const std::size_t rank = heading.find(' ');
  std::size_t end = begin + 1;
  do {
    end = document.find("\n##", end + 1);
  } while (end != std::string::npos && document.find(' ', end) - end - 1 > rank);
  return document.substr(begin, end == std::string::npos ? end : end - begin);
}

TEST_P(ScenarioTemplate, HasAllItsKeysAndTheirRangesInTheReference) {
  const std::filesystem::path sources = std::filesystem::path(__FILE__).parent_path().parent_path();
  std::stringstream text;
  text << std::ifstream(sources / "docs/scenarios.md").rdbuf();
  const std::array headings{"## Missions", "## Studies", "## Federations", "## Rounds"};
  const std::string of_kind = section(text.str(), headings.at(GetParam()));
  const std::string of_all = section(text.str(), "## Data and pre-training");
  for (const TemplateKey& key : keys_) {
    const bool list = !key.table.empty() && lines_[headers_.at(key.table)].find("[[") != std::string::npos;
    const std::string name = list ? "[[" + key.table + "]]" : "[" + key.table + "]";
    const std::string heading = key.table.empty() ? "### Outside of any table" : "### `" + name + "`";
    const std::string rows = section(of_kind, heading) + section(of_all, heading);
    const std::size_t row = rows.find("\n| `" + key.key + "` |");
    ASSERT_NE(row, std::string::npos) << heading << ": " << key.key;
    EXPECT_THAT(rows.substr(row, rows.find('\n', row + 1) - row), HasSubstr(range_of(key))) << heading;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ScenarioTemplate, ::testing::Range(std::size_t{0}, kinds().size()),
                         [](const auto& kind) {
                           std::string name = kinds()[kind.param].name;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace outrider::simulations
