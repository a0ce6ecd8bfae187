// A setting of a scenario, declared once: what reads it from a file, the template, the report and the reference in
// docs/scenarios.md are all made from the declaration, so none of them can leave one out.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "simulations/scenario/toml_reader.h"

namespace outrider::simulations {

// Bound to where its value is kept, which must outlive it.
struct Setting {
  std::string key;
  std::string meaning;
  std::string range{};                      // "1 to 256"; empty where there is none
  std::function<std::string()> text;        // the value, as both TOML and JSON write it
  std::function<void(TomlReader&)> read;    // takes the value if it is there; throws InputError
  std::vector<std::string> choices{};       // what else it may be, as text() has it, where these are few
  std::string fallback{};                   // for people, where the default value does not say what holds
  bool is_required = false;                 // it has no default
  std::function<bool()> applies = nullptr;  // false: readers refuse it beside what else is set; empty: always true

  Setting& required();
  Setting& by_default(std::string what);
  Setting& only_if(std::function<bool()> condition);
};

// Those of one table of a file.
using SettingList = std::vector<Setting>;

struct SettingTable {
  std::string name;                   // empty: keys outside of any table
  std::string meaning;                // for the template; may be empty
  std::vector<SettingList> elements;  // one; any number of a list of tables
  bool is_list = false;               // [[name]]; elements have a key "name"
  bool is_required = false;
  bool is_there = true;  // whether it is part of this scenario
};

// What a kind of scenario knows, in the order of its template; the first is the one without a name.
using SettingTables = std::vector<SettingTable>;

// As TOML and JSON write a text.
std::string quoted_text(std::string_view text);

// Reads all of a table, or of one of a list of tables.
void read_settings(TomlReader& reader, const SettingList& settings);
// Reads the keys outside of any table and knows the other tables' names.
void read_root_settings(TomlReader& reader, const SettingTables& tables);

Setting text_setting(const std::string& key, std::string& value, std::string meaning);
Setting texts_setting(const std::string& key, std::vector<std::string>& values, std::string meaning);
Setting flag_setting(const std::string& key, bool& value, std::string meaning);
// Lists of different ones.
Setting integers_setting(const std::string& key, std::vector<std::uint64_t>& values, std::int64_t least,
                         std::int64_t most, std::string meaning);
Setting numbers_setting(const std::string& key, std::vector<double>& values, double least, double most,
                        std::string meaning);

template <typename Integer>
Setting integer_setting(const std::string& key, Integer& value, std::int64_t least, std::int64_t most,
                        const std::string& meaning) {
  return {.key = key,
          .meaning = meaning,
          .range = fmt::format("{} to {}", least, most),
          .text = [&value] { return fmt::format("{}", value); },
          .read = [key, &value, least, most](TomlReader& reader) { reader.read_integer(key, value, least, most); }};
}

template <typename Float>
Setting number_setting(const std::string& key, Float& value, double least, double most, const std::string& meaning) {
  return {.key = key,
          .meaning = meaning,
          .range = fmt::format("{} to {}", least, most),
          .text = [&value] { return fmt::format("{}", value); },
          .read = [key, &value, least, most](TomlReader& reader) { reader.read_number(key, value, least, most); }};
}

// names[i] is the enumerator i's; they must outlive the setting.
template <typename Enum>
Setting choice_setting(const std::string& key, std::span<const std::string_view> names, Enum& value,
                       const std::string& meaning) {
  Setting made{.key = key,
               .meaning = meaning,
               .text = [names, &value] { return quoted_text(names[static_cast<std::size_t>(value)]); },
               .read = [key, names, &value](TomlReader& reader) { reader.read_choice(key, names, value); }};
  for (const std::string_view name : names) made.choices.push_back(quoted_text(name));
  return made;
}

template <typename Enum>
Setting choices_setting(const std::string& key, std::span<const std::string_view> names, std::vector<Enum>& values,
                        const std::string& meaning) {
  const auto text = [names, &values] {
    std::vector<std::string> chosen;
    for (const Enum value : values) chosen.push_back(quoted_text(names[static_cast<std::size_t>(value)]));
    return fmt::format("[{}]", fmt::join(chosen, ", "));
  };
  Setting made{.key = key, .meaning = meaning, .text = text, .read = [key, names, &values](TomlReader& reader) {
                 reader.read_choices(key, names, values);
               }};
  for (const std::string_view name : names) made.choices.push_back(fmt::format("[{}]", quoted_text(name)));
  return made;
}

}  // namespace outrider::simulations
