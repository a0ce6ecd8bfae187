// Scenario files to start from: every key that a kind of scenario knows, with what it means, its range and default.
#pragma once

#include <string>
#include <string_view>

#include "simulations/scenario/data_source.h"
#include "simulations/scenario/setting.h"

namespace outrider::simulations {

// What `example` sets is written; what `usual` has is said to be the default. Both have the same tables, with an
// element in every list. The table `left_out` is commented out.
std::string scenario_template(std::string_view introduction, SettingTables example, const SettingTables& usual,
                              std::string_view left_out = "");

// Examples are of Fashion-MNIST.
inline constexpr float kFashionMean = 0.286F;
inline constexpr float kFashionDeviation = 0.353F;
DataSource example_data();
Pretraining example_pretraining();
inline constexpr std::string_view kExampleTitle = "What it shows";

}  // namespace outrider::simulations
