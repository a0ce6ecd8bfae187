#include "learners/data/split.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "knowledge/error.h"

namespace outrider {
namespace {

using Indices = std::vector<std::size_t>;

std::vector<Indices> indices_by(std::span<const std::uint32_t> keys, std::size_t count) {
  std::vector<Indices> lists(count);
  for (std::size_t i = 0; i < keys.size(); ++i) lists[keys[i]].push_back(i);
  return lists;
}

void require_clients(const Dataset& data, std::size_t shares, const char* what) {
  if (shares == 0) throw InputError("a partition needs at least one client");
  if (data.size() < shares || data.size() > std::numeric_limits<std::uint32_t>::max())
    throw InputError(std::to_string(data.size()) + " pictures cannot be divided among " + std::to_string(shares) + " " +
                     what);
}

void require_alpha(double alpha) {
  if (!std::isfinite(alpha) || alpha <= 0)
    throw InputError("a partition's alpha is " + std::to_string(alpha) + "; a number above 0 is expected");
}

Indices shuffled(std::size_t count, Random random) {
  Indices order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.shuffle(std::span(order));
  return order;
}

// The logarithm of a Gamma(alpha, 1) variate (Marsaglia & Tsang 2000). In logarithms, because for small alpha most
// variates are too small for a double.
double log_gamma_variate(double alpha, Random& random) {
  const auto log_uniform = [&random] { return std::log(1.0 - static_cast<double>(random.uniform())); };
  if (alpha < 1) {
    const double boost = log_uniform() / alpha;
    return log_gamma_variate(alpha + 1, random) + boost;
  }
  const double d = alpha - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = static_cast<double>(random.normal());
    const double t = 1.0 + c * x;
    if (t <= 0) continue;
    const double log_v = 3.0 * std::log(t);
    if (log_uniform() < 0.5 * x * x + d - d * std::exp(log_v) + d * log_v) return std::log(d) + log_v;
  }
}

std::vector<double> dirichlet(std::size_t count, double alpha, Random& random) {
  std::vector<double> shares(count);
  for (double& share : shares) share = log_gamma_variate(alpha, random);
  const double largest = *std::max_element(shares.begin(), shares.end());
  double sum = 0;
  for (double& share : shares) sum += share = std::exp(share - largest);
  for (double& share : shares) share /= sum;
  return shares;
}

// Gives each client its share of `order`, in turn.
void deal(std::span<const std::size_t> order, std::span<const double> shares, Partition& partition) {
  double reached = 0;
  std::size_t from = 0;
  for (std::size_t client = 0; client < shares.size(); ++client) {
    reached += shares[client];
    const bool last = client + 1 == shares.size();
    const auto cut = static_cast<std::size_t>(reached * static_cast<double>(order.size()));
    const std::size_t to = last ? order.size() : std::clamp(cut, from, order.size());
    const auto share = order.subspan(from, to - from);
    partition[client].insert(partition[client].end(), share.begin(), share.end());
    from = to;
  }
}

Partition sorted(Partition partition) {
  for (Indices& indices : partition) std::sort(indices.begin(), indices.end());
  return partition;
}

}  // namespace

Dataset select(const Dataset& data, std::span<const std::size_t> indices) {
  Dataset chosen{.shape = data.shape,
                 .pixels = {},
                 .labels = {},
                 .classes = data.classes,
                 .groups = {},
                 .group_names = data.group_names};
  chosen.pixels.reserve(indices.size() * data.shape.size());
  chosen.labels.reserve(indices.size());
  for (const std::size_t index : indices) {
    assert(index < data.size());
    const auto image = data.image(index);
    chosen.pixels.insert(chosen.pixels.end(), image.begin(), image.end());
    chosen.labels.push_back(data.labels[index]);
    if (!data.groups.empty()) chosen.groups.push_back(data.groups[index]);
  }
  return chosen;
}

std::vector<Indices> indices_by_class(const Dataset& data) {
  return indices_by(data.labels, data.classes.size());
}

std::vector<Indices> indices_by_group(const Dataset& data) {
  if (data.groups.empty()) throw InputError("the data set does not say who made its pictures");
  return indices_by(data.groups, data.group_names.size());
}

std::vector<std::size_t> draw(std::vector<std::size_t> indices, std::size_t count, Random random) {
  if (count == 0 || count >= indices.size()) return indices;
  random.shuffle(std::span(indices));
  indices.resize(count);
  std::ranges::sort(indices);
  return indices;
}

Dataset draw_of_each_class(const Dataset& data, std::size_t most, std::uint64_t seed, std::string_view purpose) {
  if (most == 0) return data;
  Indices chosen;
  std::uint64_t label = 0;
  for (Indices& of_class : indices_by_class(data)) {
    const Indices drawn = draw(std::move(of_class), most, Random(seed, purpose, label++));
    chosen.insert(chosen.end(), drawn.begin(), drawn.end());
  }
  std::ranges::sort(chosen);
  return select(data, chosen);
}

Partition partition_iid(const Dataset& data, std::size_t clients, std::uint64_t seed) {
  require_clients(data, clients, "clients");
  const Indices order = shuffled(data.size(), Random(seed, "partition/iid"));
  Partition partition(clients);
  for (std::size_t client = 0; client < clients; ++client)
    partition[client].assign(order.begin() + static_cast<std::ptrdiff_t>(client * order.size() / clients),
                             order.begin() + static_cast<std::ptrdiff_t>((client + 1) * order.size() / clients));
  return sorted(std::move(partition));
}

Partition partition_dirichlet(const Dataset& data, std::size_t clients, double alpha, std::uint64_t seed) {
  require_clients(data, clients, "clients");
  require_alpha(alpha);
  Partition partition(clients);
  std::uint64_t label = 0;
  for (Indices& indices : indices_by_class(data)) {
    Random random(seed, "partition/dirichlet", 0, label++);
    random.shuffle(std::span(indices));
    deal(indices, dirichlet(clients, alpha, random), partition);
  }
  return sorted(std::move(partition));
}

Partition partition_shards(const Dataset& data, std::size_t clients, std::size_t shards_per_client,
                           std::uint64_t seed) {
  if (shards_per_client == 0 || shards_per_client > data.size())
    throw InputError("a client's shards are " + std::to_string(shards_per_client) + "; from 1 to " +
                     std::to_string(data.size()) + " are expected");
  require_clients(data, clients, "clients");
  const std::size_t shards = clients * shards_per_client;
  require_clients(data, shards, "shards");
  Random random(seed, "partition/shards");
  Indices by_label;
  for (Indices& indices : indices_by_class(data)) {
    random.shuffle(std::span(indices));
    by_label.insert(by_label.end(), indices.begin(), indices.end());
  }
  const Indices dealt = shuffled(shards, Random(seed, "partition/shards/deal"));
  Partition partition(clients);
  for (std::size_t i = 0; i < shards; ++i) {
    const auto from = static_cast<std::ptrdiff_t>(dealt[i] * by_label.size() / shards);
    const auto to = static_cast<std::ptrdiff_t>((dealt[i] + 1) * by_label.size() / shards);
    Indices& indices = partition[i / shards_per_client];
    indices.insert(indices.end(), by_label.begin() + from, by_label.begin() + to);
  }
  return sorted(std::move(partition));
}

Partition partition_quantity(const Dataset& data, std::size_t clients, double alpha, std::uint64_t seed) {
  require_clients(data, clients, "clients");
  require_alpha(alpha);
  const Indices order = shuffled(data.size(), Random(seed, "partition/quantity"));
  Random random(seed, "partition/quantity/shares");
  Partition partition(clients);
  deal(order, dirichlet(clients, alpha, random), partition);
  return sorted(std::move(partition));
}

Partition partition_by_group(const Dataset& data, std::size_t clients, std::uint64_t seed) {
  require_clients(data, clients, "clients");
  std::vector<Indices> groups = indices_by_group(data);
  std::erase_if(groups, [](const Indices& group) { return group.empty(); });
  if (groups.size() < clients)
    throw InputError(std::to_string(groups.size()) + " authors cannot be divided among " + std::to_string(clients) +
                     " clients");
  const Indices order = shuffled(groups.size(), Random(seed, "partition/group"));
  Partition partition(clients);
  for (std::size_t i = 0; i < order.size(); ++i) {
    Indices& indices = partition[i % clients];
    indices.insert(indices.end(), groups[order[i]].begin(), groups[order[i]].end());
  }
  return sorted(std::move(partition));
}

}  // namespace outrider
