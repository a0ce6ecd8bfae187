#include "simulations/scenario/partition.h"

#include <array>
#include <span>

#include <fmt/format.h>

#include "learners/random.h"

namespace outrider::simulations {
namespace {

constexpr std::array<std::string_view, 5> kPartitions{"iid", "dirichlet", "shards", "quantity", "natural"};

bool takes_alpha(PartitionKind kind) {
  return kind == PartitionKind::dirichlet || kind == PartitionKind::quantity;
}

// Of the share the pictures that the client keeps, as they come.
void choose(std::vector<std::size_t>& share, std::size_t most, std::uint64_t seed, std::size_t client) {
  Random(seed, "pictures of a client", client).shuffle(std::span(share));
  if (most > 0 && share.size() > most) share.resize(most);
}

}  // namespace

SettingList partition_settings(const std::string& kind, PartitionPlan& partition) {
  const auto has_alpha = [&partition] { return takes_alpha(partition.kind); };
  const auto has_shards = [&partition] { return partition.kind == PartitionKind::shards; };
  return {
      choice_setting(kind, kPartitions, partition.kind,
                     "iid: evenly; dirichlet: each class in random proportions; shards: few classes each; "
                     "quantity: random amounts; natural: by who made them, where the data say so"),
      number_setting("alpha", partition.alpha, 0.001, 1e6, "dirichlet and quantity only; the smaller, the more unequal")
          .only_if(has_alpha),
      integer_setting("shards_per_client", partition.shards_per_client, 1, 10'000,
                      "shards only; pieces of the pictures sorted by class")
          .only_if(has_shards),
      integer_setting("pictures_per_client", partition.pictures_per_client, 0, 1'000'000,
                      "at most, drawn from its share; 0: all of it")};
}

void check_partition(const TomlReader& reader, const std::string& called, const PartitionPlan& partition) {
  if (reader.has("alpha") && !takes_alpha(partition.kind))
    reader.complain("alpha", fmt::format("left out unless {} is dirichlet or quantity", called));
  if (reader.has("shards_per_client") && partition.kind != PartitionKind::shards)
    reader.complain("shards_per_client", fmt::format("left out unless {} is shards", called));
}

std::string_view name_of(PartitionKind kind) {
  return kPartitions[static_cast<std::size_t>(kind)];
}

Partition divide(const Dataset& pictures, const PartitionPlan& plan, std::size_t clients, std::uint64_t seed) {
  Partition shares;
  switch (plan.kind) {
    case PartitionKind::iid:
      shares = partition_iid(pictures, clients, seed);
      break;
    case PartitionKind::dirichlet:
      shares = partition_dirichlet(pictures, clients, plan.alpha, seed);
      break;
    case PartitionKind::shards:
      shares = partition_shards(pictures, clients, plan.shards_per_client, seed);
      break;
    case PartitionKind::quantity:
      shares = partition_quantity(pictures, clients, plan.alpha, seed);
      break;
    case PartitionKind::natural:
      shares = partition_by_group(pictures, clients, seed);
      break;
  }
  for (std::size_t client = 0; client < shares.size(); ++client)
    choose(shares[client], plan.pictures_per_client, seed, client);
  return shares;
}

}  // namespace outrider::simulations
