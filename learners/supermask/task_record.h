// A task over a base network: which weights it uses, what they are where they were trained, and the statistics of its
// batch norms. A record needs no other: whoever has it and the base computes the very logits of who learned it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "knowledge/bytes.h"
#include "learners/supermask/base_network.h"

namespace outrider {

// How finely the scores of a mask are told apart on the wire: half a byte.
inline constexpr std::uint8_t kRankLevels = 16;

struct LayerMask {
  std::vector<std::uint8_t> kept;   // 0 or 1 for each weight of the tensor
  std::vector<float> values;        // of the kept weights in their order; empty: they are the base's
  std::vector<std::uint8_t> ranks;  // of each kept weight: 0 the highest scores, to 15 the lowest; empty: unknown

  bool operator==(const LayerMask&) const = default;
  std::size_t count() const;  // kept weights

  // Calls visit(place in the tensor, number among the kept) for every kept weight, in order.
  template <typename Visit>
  void for_each_kept(Visit&& visit) const {
    std::size_t number = 0;
    for (std::size_t place = 0; place < kept.size(); ++place)
      if (kept[place] != 0) visit(place, number++);
  }
};

struct TaskRecord {
  static constexpr std::size_t kMaxBytes = std::size_t{256} << 20;  // of the wire form

  std::vector<std::string> classes;  // output o means classes[o]; unique
  std::uint64_t examples = 0;        // that it was learned from, at least 1
  std::uint32_t place = 0;           // in the order of ownership: one more than the last task that it builds on; from 1
  std::vector<LayerMask> layers;     // as BaseNetwork::weight_tensors()
  std::vector<float> statistics;     // running means and variances of all batch norms, in the order of the tensors

  bool operator==(const TaskRecord&) const = default;
  bool has_values() const { return !layers.empty() && !layers.front().values.empty(); }

  // Throws InputError, beginning with `what`, unless the record fits the base: classes, sizes, finite numbers,
  // variances that are not negative.
  void check(const BaseNetwork& base, const std::string& what) const;
  // What the wire form of any record over this base takes at most, and a little more for what a later version may add.
  static std::uint64_t most_bytes(const BaseNetwork& base);
  // The wire form (task_record.capnp); equal records give equal bytes.
  Bytes encode() const;
  // Throws InputError, beginning with `what`, when the bytes are malformed or do not pass check().
  static TaskRecord decode(ByteView bytes, const BaseNetwork& base, const std::string& what = "the task");
};

// What a record makes of a base: the tensors of the network with every weight outside of the mask 0.
nn::Parameters masked_parameters(const BaseNetwork& base, const TaskRecord& record);
// As above, with base.weight_values() at hand.
nn::Parameters masked_parameters(const BaseNetwork& base, std::span<const std::vector<float>> base_values,
                                 const TaskRecord& record);

// The names and sizes of the running statistics, in the order of TaskRecord::statistics.
std::vector<nn::TensorSpec> statistics_tensors(const nn::NetworkSpec& network);
// Those of trained parameters.
std::vector<float> statistics_of(const nn::Parameters& parameters);

}  // namespace outrider
