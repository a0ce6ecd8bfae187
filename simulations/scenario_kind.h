// The three kinds of scenario, and which of them a file is.
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
};
inline constexpr std::array<std::string_view, 3> kScenarioKinds{"mission", "study", "federation"};

// Throws InputError when the file cannot be read as TOML.
ScenarioKind kind_of(const std::filesystem::path& file);

}  // namespace outrider::simulations
