#include "simulations/scenario/scenario_template.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace outrider::simulations {
namespace {

constexpr std::size_t kWidestLine = 120;
constexpr std::size_t kColumnOfComments = 32;

constexpr std::string_view kHowToUse =
    "Run it with `outrider simulate FILE`, check it with `outrider simulate FILE --check`. Every key is here; one that "
    "is left out has its default. docs/scenarios.md says more.";

// Lines of comment, broken between words.
std::string comment_lines(std::string_view text) {
  std::string lines;
  std::string line = "#";
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > kWidestLine) {
      lines += line + "\n";
      line = "#";
    }
    line += " " + word;
  }
  return lines + line + "\n";
}

// `usual` is the setting as it is when nobody sets it.
std::string setting_lines(const Setting& setting, const Setting& usual, bool live) {
  std::string said = fmt::format("{}{} = {}", live ? "" : "# ", setting.key, setting.text());
  said.resize(std::max(said.size() + 1, kColumnOfComments), ' ');
  std::string bounds = setting.range.empty() ? "" : setting.range + "; ";
  if (setting.is_required) {
    bounds += "required";
  } else {
    bounds += "default: " + (setting.fallback.empty() ? usual.text() : setting.fallback);
  }
  if (said.size() + 4 + setting.meaning.size() + bounds.size() <= kWidestLine)
    return fmt::format("{}# {}; {}\n", said, setting.meaning, bounds);
  return fmt::format("{}{}# {}\n", comment_lines(setting.meaning + ":"), said, bounds);
}

std::string table_lines(const SettingTable& table, const SettingTable& usual) {
  std::string text;
  if (!table.name.empty()) {
    text = table.meaning.empty() ? "\n" : "\n" + comment_lines(table.meaning);
    const std::string brackets = table.is_list ? fmt::format("[[{}]]", table.name) : fmt::format("[{}]", table.name);
    text += (table.is_there ? "" : "# ") + brackets + "\n";
  }
  for (std::size_t i = 0; i < table.elements.front().size(); ++i) {
    const Setting& setting = table.elements.front()[i];
    // Where data lie differs from machine to machine: nobody has that of the template.
    const bool live = table.is_there && setting.key != "path" && (!setting.applies || setting.applies());
    text += setting_lines(setting, usual.elements.front()[i], live);
  }
  return text;
}

// What an example sets is written; what `usual` has is said to be the default. Both have the same tables.
}  // namespace

std::string scenario_template(std::string_view introduction, SettingTables example, const SettingTables& usual,
                              std::string_view left_out) {
  std::string text = comment_lines(introduction) + comment_lines(kHowToUse);
  for (std::size_t i = 0; i < example.size(); ++i) {
    example[i].is_there = example[i].name.empty() || example[i].name != left_out;
    text += table_lines(example[i], usual[i]);
  }
  return text;
}

DataSource example_data() {
  return {"fashion-mnist", "DIR"};
}

Pretraining example_pretraining() {
  Pretraining training;
  training.mean = kFashionMean;
  training.deviation = kFashionDeviation;
  training.classes = {"t-shirt", "pullover", "dress", "coat", "shirt", "sneaker"};
  training.way = 6;
  training.episodes = 600;
  training.halve_every = 200;
  return training;
}

}  // namespace outrider::simulations
