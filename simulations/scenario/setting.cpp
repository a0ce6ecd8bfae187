#include "simulations/scenario/setting.h"

#include "knowledge/json_text.h"

namespace outrider::simulations {

Setting& Setting::required() {
  is_required = true;
  return *this;
}

Setting& Setting::by_default(std::string what) {
  fallback = std::move(what);
  return *this;
}

Setting& Setting::only_if(std::function<bool()> condition) {
  applies = std::move(condition);
  return *this;
}

std::string quoted_text(std::string_view text) {
  return json_text(text);
}

void read_settings(TomlReader& reader, const SettingList& settings) {
  for (const Setting& setting : settings)
    if (setting.is_required) reader.require(setting.key);
  for (const Setting& setting : settings) setting.read(reader);
}

void read_root_settings(TomlReader& reader, const SettingTables& tables) {
  for (const SettingTable& table : tables) {
    if (table.name.empty()) {
      read_settings(reader, table.elements.front());
      continue;
    }
    if (table.is_required) reader.require(table.name);
    reader.know(table.name);
  }
}

Setting text_setting(const std::string& key, std::string& value, std::string meaning) {
  return {.key = key,
          .meaning = std::move(meaning),
          .text = [&value] { return quoted_text(value); },
          .read = [key, &value](TomlReader& reader) { reader.read(key, value); }};
}

Setting texts_setting(const std::string& key, std::vector<std::string>& values, std::string meaning) {
  const auto text = [&values] {
    std::vector<std::string> quoted;
    for (const std::string& value : values) quoted.push_back(quoted_text(value));
    return fmt::format("[{}]", fmt::join(quoted, ", "));
  };
  return {.key = key, .meaning = std::move(meaning), .text = text, .read = [key, &values](TomlReader& reader) {
            reader.read(key, values);
          }};
}

Setting flag_setting(const std::string& key, bool& value, std::string meaning) {
  return {.key = key,
          .meaning = std::move(meaning),
          .text = [&value] { return std::string(value ? "true" : "false"); },
          .read = [key, &value](TomlReader& reader) { reader.read(key, value); }};
}

Setting integers_setting(const std::string& key, std::vector<std::uint64_t>& values, std::int64_t least,
                         std::int64_t most, std::string meaning) {
  return {.key = key,
          .meaning = std::move(meaning),
          .range = fmt::format("{} to {}", least, most),
          .text = [&values] { return fmt::format("[{}]", fmt::join(values, ", ")); },
          .read = [key, &values, least, most](TomlReader& reader) { reader.read_integers(key, values, least, most); }};
}

Setting numbers_setting(const std::string& key, std::vector<double>& values, double least, double most,
                        std::string meaning) {
  return {.key = key,
          .meaning = std::move(meaning),
          .range = fmt::format("{} to {}", least, most),
          .text = [&values] { return fmt::format("[{}]", fmt::join(values, ", ")); },
          .read = [key, &values, least, most](TomlReader& reader) { reader.read_numbers(key, values, least, most); }};
}

}  // namespace outrider::simulations
