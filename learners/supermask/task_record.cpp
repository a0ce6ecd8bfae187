#include "learners/supermask/task_record.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <span>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/name.h"
#include "knowledge/wire.h"
#include "learners/supermask/mask_code.h"
#include "learners/supermask/task_record.capnp.h"

namespace outrider {
namespace {

constexpr wire::Limits kTaskRecordLimits{.bytes = TaskRecord::kMaxBytes, .nesting = 6};

void expect_of(bool holds, const std::string& what, const std::string& sentence) {
  if (!holds) throw InputError(what + ' ' + sentence);
}

ByteView bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float)};
}

std::vector<float> floats_of(ByteView bytes, const std::string& what) {
  expect_of(bytes.size() % sizeof(float) == 0, what, "holds no whole number of values");
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

// Two ranks a byte.
Bytes packed(std::span<const std::uint8_t> ranks) {
  Bytes bytes((ranks.size() + 1) / 2);
  for (std::size_t i = 0; i < ranks.size(); ++i)
    bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] | ranks[i] << (4 * (i % 2)));
  return bytes;
}

// Of so many kept weights. Bytes that cannot be theirs give another number of ranks, which check() refuses.
std::vector<std::uint8_t> unpacked(ByteView bytes, std::size_t count) {
  std::vector<std::uint8_t> ranks;
  for (const std::uint8_t byte : bytes) {
    ranks.push_back(byte % kRankLevels);
    ranks.push_back(byte / kRankLevels);
  }
  if (ranks.size() == count + 1 && ranks.back() == 0) ranks.pop_back();
  return ranks;
}

bool all_finite(const std::vector<float>& values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

void check_classes(const TaskRecord& record, const BaseNetwork& base, const std::string& what) {
  expect_of(
      record.classes.size() >= 2 && record.classes.size() <= base.outputs(), what,
      fmt::format("has {} classes; the base network has outputs for 2 to {}", record.classes.size(), base.outputs()));
  for (std::size_t i = 0; i < record.classes.size(); ++i)
    check_name(fmt::format("{} has class {}, whose name", what, i), record.classes[i]);
  expect_of(std::set<std::string>(record.classes.begin(), record.classes.end()).size() == record.classes.size(), what,
            "has two classes of one name");
}

void check_layer(const LayerMask& layer, const nn::TensorSpec& tensor, bool with_values, const std::string& what) {
  expect_of(layer.kept.size() == tensor.size(), what,
            fmt::format("masks {} weights of {}, which has {}", layer.kept.size(), tensor.name, tensor.size()));
  expect_of(std::ranges::none_of(layer.kept, [](std::uint8_t kept) { return kept > 1; }), what,
            "has a mask that is not made of 0 and 1 in " + tensor.name);
  const std::size_t count = layer.count();
  expect_of(count > 0, what, "keeps no weight of " + tensor.name);
  expect_of(layer.values.size() == (with_values ? count : 0), what,
            fmt::format("gives {} values for the {} kept weights of {}; expected one for each, or none in any layer",
                        layer.values.size(), count, tensor.name));
  expect_of(all_finite(layer.values), what, "has a value that is not finite in " + tensor.name);
  expect_of(layer.ranks.empty() || layer.ranks.size() == count, what,
            fmt::format("ranks {} of the {} kept weights of {}", layer.ranks.size(), count, tensor.name));
  expect_of(std::ranges::all_of(layer.ranks, [](std::uint8_t rank) { return rank < kRankLevels; }), what,
            fmt::format("has a rank of {} or more in {}", kRankLevels, tensor.name));
}

void check_statistics(const TaskRecord& record, const BaseNetwork& base, const std::string& what) {
  const auto tensors = statistics_tensors(base.network);
  std::size_t size = 0;
  for (const nn::TensorSpec& tensor : tensors) size += tensor.size();
  expect_of(record.statistics.size() == size, what,
            fmt::format("has {} running statistics; the base network has {}", record.statistics.size(), size));
  expect_of(all_finite(record.statistics), what, "has a running statistic that is not finite");
  std::span<const float> rest(record.statistics);
  for (const nn::TensorSpec& tensor : tensors) {
    const auto values = rest.first(tensor.size());
    rest = rest.subspan(tensor.size());
    expect_of(tensor.role != nn::TensorRole::kRunningVariance ||
                  std::ranges::none_of(values, [](float value) { return value < 0; }),
              what, "has a negative variance in " + tensor.name);
  }
}

// The layer's values, or the base's where it has none, at the places of the kept weights.
std::vector<float> masked_values(const LayerMask& layer, std::span<const std::vector<float>> base_values,
                                 std::size_t index) {
  std::vector<float> masked(layer.kept.size());
  layer.for_each_kept([&](std::size_t i, std::size_t number) {
    masked[i] = layer.values.empty() ? base_values[index][i] : layer.values[number];
  });
  return masked;
}

}  // namespace

std::size_t LayerMask::count() const {
  return static_cast<std::size_t>(std::ranges::count(kept, 1));
}

void TaskRecord::check(const BaseNetwork& base, const std::string& what) const {
  check_classes(*this, base, what);
  expect_of(examples > 0, what, "was learned from no example");
  expect_of(place > 0, what, "has no place in the order of ownership; expected 1 or more");
  const auto tensors = base.weight_tensors();
  expect_of(layers.size() == tensors.size(), what,
            fmt::format("masks {} layers; the base network has {}", layers.size(), tensors.size()));
  for (std::size_t i = 0; i < layers.size(); ++i) check_layer(layers[i], tensors[i], has_values(), what);
  check_statistics(*this, base, what);
}

std::uint64_t TaskRecord::most_bytes(const BaseNetwork& base) {
  constexpr std::uint64_t kFrame = 1024;
  constexpr std::uint64_t kList = 64;  // its pointers and what fills its last word
  std::uint64_t bytes = kFrame + base.outputs() * (kMaxNameBytes + kList);
  for (const nn::TensorSpec& tensor : base.weight_tensors()) {
    const std::uint64_t weights = tensor.size();
    // The code of a mask is as good as never longer than the mask; twice that is never reached.
    bytes += 3 * kList + weights / 4 + weights * sizeof(float) + weights / 2;
  }
  for (const nn::TensorSpec& tensor : statistics_tensors(base.network)) bytes += tensor.size() * sizeof(float);
  return std::min<std::uint64_t>(bytes, kMaxBytes);
}

Bytes TaskRecord::encode() const {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::TaskRecord>();
  auto names = builder.initClasses(static_cast<unsigned>(classes.size()));
  for (unsigned i = 0; i < classes.size(); ++i) names.set(i, wire::text(classes[i]));
  builder.setExamples(examples);
  builder.setPlace(place);
  auto entries = builder.initLayers(static_cast<unsigned>(layers.size()));
  for (unsigned i = 0; i < layers.size(); ++i) {
    entries[i].setMask(wire::data(encode_mask(layers[i].kept)));
    if (!layers[i].values.empty()) entries[i].setValues(wire::data(bytes_of(layers[i].values)));
    if (!layers[i].ranks.empty()) entries[i].setRanks(wire::data(packed(layers[i].ranks)));
  }
  if (!statistics.empty()) builder.setStatistics(wire::data(bytes_of(statistics)));
  return wire::flatten(message);
}

TaskRecord TaskRecord::decode(ByteView bytes, const BaseNetwork& base, const std::string& what) {
  return wire::read<wire::TaskRecord>(
      bytes, what,
      [&](wire::TaskRecord::Reader reader) {
        TaskRecord record;
        for (const auto name : reader.getClasses()) record.classes.push_back(wire::text(name));
        record.examples = reader.getExamples();
        record.place = reader.getPlace();
        const auto tensors = base.weight_tensors();
        const auto layers = reader.getLayers();
        expect_of(layers.size() == tensors.size(), what,
                  fmt::format("masks {} layers; the base network has {}", layers.size(), tensors.size()));
        for (unsigned i = 0; i < layers.size(); ++i) {
          LayerMask& layer = record.layers.emplace_back();
          layer.kept.resize(tensors[i].size());
          decode_mask(wire::view(layers[i].getMask()), layer.kept, what + ", the mask of " + tensors[i].name + ",");
          layer.values = floats_of(wire::view(layers[i].getValues()), what);
          layer.ranks = unpacked(wire::view(layers[i].getRanks()), layer.count());
        }
        record.statistics = floats_of(wire::view(reader.getStatistics()), what);
        record.check(base, what);
        return record;
      },
      kTaskRecordLimits);
}

nn::Parameters masked_parameters(const BaseNetwork& base, const TaskRecord& record) {
  const auto base_values = record.has_values() ? std::vector<std::vector<float>>{} : base.weight_values();
  return masked_parameters(base, base_values, record);
}

nn::Parameters masked_parameters(const BaseNetwork& base, std::span<const std::vector<float>> base_values,
                                 const TaskRecord& record) {
  nn::Parameters parameters;
  std::span<const float> statistics(record.statistics);
  std::size_t layer = 0;
  for (const nn::TensorSpec& tensor : nn::network_tensors(base.network)) {
    nn::Tensor& made = parameters.tensors.emplace_back(nn::Tensor{tensor, {}});
    if (tensor.role == nn::TensorRole::kWeight) {
      made.values = masked_values(record.layers[layer], base_values, layer);
      ++layer;
    } else {
      const auto values = statistics.first(tensor.size());
      made.values.assign(values.begin(), values.end());
      statistics = statistics.subspan(tensor.size());
    }
  }
  return parameters;
}

std::vector<nn::TensorSpec> statistics_tensors(const nn::NetworkSpec& network) {
  std::vector<nn::TensorSpec> tensors = nn::network_tensors(network);
  std::erase_if(tensors, [](const nn::TensorSpec& tensor) { return tensor.trainable(); });
  return tensors;
}

std::vector<float> statistics_of(const nn::Parameters& parameters) {
  std::vector<float> statistics;
  for (const nn::Tensor& tensor : parameters.tensors)
    if (!tensor.spec.trainable()) statistics.insert(statistics.end(), tensor.values.begin(), tensor.values.end());
  return statistics;
}

}  // namespace outrider
