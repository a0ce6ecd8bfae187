// How a scenario divides training pictures among clients.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "learners/data/dataset.h"
#include "learners/data/split.h"
#include "simulations/scenario/setting.h"
#include "simulations/scenario/toml_reader.h"

namespace outrider::simulations {

// See learners/data/split.h.
enum class PartitionKind : std::uint8_t { iid, dirichlet, shards, quantity, natural };

struct PartitionPlan {
  PartitionKind kind = PartitionKind::iid;
  double alpha = 0.5;                   // dirichlet, quantity
  std::size_t shards_per_client = 2;    // shards
  std::size_t pictures_per_client = 0;  // at most, drawn from its share; 0: all of its share

  bool operator==(const PartitionPlan&) const = default;
};

std::string_view name_of(PartitionKind kind);
// A plan's settings; `kind` is the key of its kind.
SettingList partition_settings(const std::string& kind, PartitionPlan& partition);
// After they were read: refuses those that do not fit its kind, which people call `called`.
void check_partition(const TomlReader& reader, const std::string& called, const PartitionPlan& partition);

// Each client's share of the pictures, in a random order, of which it keeps pictures_per_client. Throws InputError when
// there are too few pictures or authors for the clients.
Partition divide(const Dataset& pictures, const PartitionPlan& plan, std::size_t clients, std::uint64_t seed);

}  // namespace outrider::simulations
