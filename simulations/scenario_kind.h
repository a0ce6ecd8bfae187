// The four kinds of scenario, and which of them a file is.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace outrider::simulations {

enum class ScenarioKind : std::uint8_t {
  mission,     // scenario.h: real processes
  study,       // study.h: a table [tasks]
  federation,  // federation.h: a table [federation]
  rounds,      // rounds_scenario.h: a table [rounds]
};
inline constexpr std::array<std::string_view, 4> kScenarioKinds{"mission", "study", "federation", "rounds"};

// Throws InputError when the file cannot be read as TOML.
ScenarioKind kind_of(const std::filesystem::path& file);

}  // namespace outrider::simulations
