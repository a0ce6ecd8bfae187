#include "learners/surgery/partial_network.h"

#include <cassert>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace outrider::surgery {
namespace {

// Values are numbered: 0 the input, i + 1 what layer i computes.
struct Reads {
  std::size_t first = 0;
  std::optional<std::size_t> second;  // Add, Concat
};

// What each layer reads; nothing for As and From, which compute nothing.
std::vector<std::optional<Reads>> reads_of(const nn::NetworkSpec& network) {
  std::map<std::string, std::size_t> named{{"input", 0}};
  std::size_t at_hand = 0;
  std::vector<std::optional<Reads>> reads(network.layers.size());
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const nn::Layer& layer = network.layers[i];
    if (const auto* as = std::get_if<nn::As>(&layer)) {
      named.emplace(as->name, at_hand);
    } else if (const auto* from = std::get_if<nn::From>(&layer)) {
      at_hand = named.at(from->name);
    } else {
      reads[i] = Reads{at_hand, {}};
      if (const auto* add = std::get_if<nn::Add>(&layer)) reads[i]->second = named.at(add->name);
      if (const auto* concat = std::get_if<nn::Concat>(&layer)) reads[i]->second = named.at(concat->name);
      at_hand = i + 1;
    }
  }
  return reads;
}

// The layers that `last` depends on, and itself.
std::set<std::size_t> ancestors(const std::vector<std::optional<Reads>>& reads, std::size_t last) {
  std::set<std::size_t> needed{last};
  for (std::size_t i = last + 1; i-- > 0;) {
    if (!needed.contains(i)) continue;
    if (reads[i]->first > 0) needed.insert(reads[i]->first - 1);
    if (reads[i]->second.value_or(0) > 0) needed.insert(*reads[i]->second - 1);
  }
  return needed;
}

std::string name_of(std::size_t value) {
  return value == 0 ? "input" : "v" + std::to_string(value);
}

// The values that a layer reads which does not come right after them.
std::set<std::size_t> values_to_name(const std::vector<std::optional<Reads>>& reads,
                                     const std::set<std::size_t>& needed) {
  std::set<std::size_t> names;
  std::size_t at_hand = 0;
  for (const std::size_t i : needed) {
    if (reads[i]->first != at_hand) names.insert(reads[i]->first);
    if (reads[i]->second) names.insert(*reads[i]->second);
    at_hand = i + 1;
  }
  return names;
}

nn::Layer reading(const nn::Layer& layer, const Reads& reads) {
  if (std::holds_alternative<nn::Add>(layer)) return nn::Add{name_of(*reads.second)};
  if (std::holds_alternative<nn::Concat>(layer)) return nn::Concat{name_of(*reads.second)};
  return layer;
}

}  // namespace

nn::Parameters PartialNetwork::parameters(const nn::Parameters& whole) const {
  nn::Parameters parameters;
  for (const nn::TensorSpec& spec : nn::network_tensors(network)) {
    const std::string role = spec.name.substr(spec.name.find('.'));
    parameters.tensors.push_back({spec, whole.at(std::to_string(origins[spec.layer]) + role).values});
  }
  return parameters;
}

PartialNetwork network_up_to(const nn::NetworkSpec& whole, std::size_t layer) {
  const auto reads = reads_of(whole);
  assert(layer < reads.size() && reads[layer]);
  const auto needed = ancestors(reads, layer);
  const auto names = values_to_name(reads, needed);
  PartialNetwork part{{whole.input, {}}, {}};
  const auto append = [&](nn::Layer each, std::size_t origin) {
    part.network.layers.push_back(std::move(each));
    part.origins.push_back(origin);
  };
  std::size_t at_hand = 0;
  for (const std::size_t i : needed) {
    if (reads[i]->first != at_hand) append(nn::From{name_of(reads[i]->first)}, i);
    append(reading(whole.layers[i], *reads[i]), i);
    at_hand = i + 1;
    if (names.contains(at_hand)) append(nn::As{name_of(at_hand)}, i);
  }
  return part;
}

}  // namespace outrider::surgery
