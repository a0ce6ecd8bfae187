#include "simulations/scenario/setting_record.h"

#include <regex>

#include <nlohmann/json.hpp>

namespace outrider::simulations {
namespace {

using nlohmann::json;

json values_as_json(const SettingList& settings) {
  json made = json::object();
  for (const Setting& setting : settings) made[setting.key] = json::parse(setting.text());
  return made;
}

// Paths of other documents become links.
std::string linked(const std::string& meaning) {
  return std::regex_replace(meaning, std::regex("docs/([a-z]+\\.md)"), "[$1]($1)");
}

std::string default_of(const Setting& setting) {
  if (setting.is_required) return "required";
  return setting.fallback.empty() ? fmt::format("`{}`", setting.text()) : setting.fallback;
}

}  // namespace

json settings_as_json(const SettingTables& tables) {
  json made = json::object();
  for (const SettingTable& table : tables) {
    if (!table.is_there) continue;
    if (table.name.empty()) {
      made.update(values_as_json(table.elements.front()));
    } else if (table.is_list) {
      json names = json::array();
      for (const SettingList& element : table.elements) {
        json values = values_as_json(element);
        const auto name = values.at("name").get<std::string>();
        names.push_back(name);
        made[table.name][name] = std::move(values);
      }
      made[table.name + "s"] = std::move(names);
    } else {
      made[table.name] = values_as_json(table.elements.front());
    }
  }
  return made;
}

std::string reference_rows(const SettingTable& table) {
  std::string rows;
  for (const Setting& setting : table.elements.front())
    rows += fmt::format("| `{}` | {} | {} | {} |\n", setting.key, linked(setting.meaning), setting.range,
                        default_of(setting));
  return rows;
}

std::string reference_heading(const SettingTable& table) {
  if (table.name.empty()) return "### Outside of any table";
  return table.is_list ? fmt::format("### `[[{}]]`", table.name) : fmt::format("### `[{}]`", table.name);
}

}  // namespace outrider::simulations
