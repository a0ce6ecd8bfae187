// What a scenario says, as its report has it, and what its kind of scenario knows, as docs/scenarios.md has it.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "simulations/scenario/setting.h"

namespace outrider::simulations {

// Every setting: by table and key; those of a list of tables by table, name and key, and the names in their order by
// the table's name and an s.
nlohmann::json settings_as_json(const SettingTables& tables);

// The rows of the reference, one for each key: | `key` | meaning | range | default |. Of a list of tables, those of its
// first element. Defaults are the values that the settings have.
std::string reference_rows(const SettingTable& table);
// "[name]", "[[name]]"; "Outside of any table".
std::string reference_heading(const SettingTable& table);

}  // namespace outrider::simulations
