#include "learners/supermask/task_record.h"

#include <algorithm>
#include <cmath>

#include <capnp/message.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/supermask/random_records.h"
#include "learners/supermask/task_record.capnp.h"

namespace outrider {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TaskRecord some_record(const RandomRecord& options = {}) {
  Random random(1, "test");
  return random_record(random, small_base(), options);
}

// What check() says of a record after a change.
template <typename Change>
std::string record_error(Change change, const RandomRecord& options = {}) {
  TaskRecord record = some_record(options);
  change(record);
  std::string checked = "no error";
  try {
    record.check(small_base(), "task 'pets'");
  } catch (const InputError& error) {
    checked = error.what();
    EXPECT_THAT(checked, StartsWith("task 'pets' "));
  }
  return checked;
}

// Of the wire form of a record after a change.
template <typename Change>
std::string record_decode_error(Change change) {
  capnp::MallocMessageBuilder message;
  wire::read<wire::TaskRecord>(some_record().encode(), "record",
                               [&](wire::TaskRecord::Reader reader) { message.setRoot(reader); });
  change(message.getRoot<wire::TaskRecord>());
  try {
    TaskRecord::decode(wire::flatten(message), small_base(), "task 'pets'");
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), StartsWith("task 'pets'"));
    return error.what();
  }
  return "no error";
}

std::size_t variance_index(const BaseNetwork& base) {
  std::size_t at = 0;
  for (const nn::TensorSpec& tensor : statistics_tensors(base.network)) {
    if (tensor.role == nn::TensorRole::kRunningVariance) return at;
    at += tensor.size();
  }
  return at;
}

TEST(TaskRecord, RoundTrips) {
  Random random(2, "test");
  const BaseNetwork base = small_base();
  for (int i = 0; i < 200; ++i) {
    const RandomRecord options{.density = static_cast<double>(random.uniform()),
                               .values = random.below(2) == 0,
                               .ranks = random.below(2) == 0};
    const TaskRecord record = random_record(random, base, options);
    const Bytes bytes = record.encode();
    ASSERT_LE(bytes.size(), TaskRecord::most_bytes(base));
    const TaskRecord decoded = TaskRecord::decode(bytes, base);
    ASSERT_EQ(decoded, record);
    ASSERT_EQ(decoded.encode(), bytes);
  }
}

TEST(TaskRecord, RoundTripsAtTheSizeOfRealNetworks) {
  const ImageShape picture{3, 32, 32};
  const BaseNetwork base{{picture, false, 0, 1}, base_architecture("resnet18-gem", picture, 5)};
  Random random(3, "test");
  const TaskRecord record = random_record(random, base, {.density = 0.1, .values = false, .ranks = false});
  const Bytes bytes = record.encode();
  EXPECT_EQ(TaskRecord::decode(bytes, base), record);
  // 0.469 bits a weight, four bytes a statistic, and less than 1 kB for 21 layers.
  EXPECT_LT(static_cast<double>(bytes.size()),
            0.472 / 8 * static_cast<double>(base.network.parameter_count()) + 4 * 2 * 1500 + 1024);
}

TEST(TaskRecord, ClassesThatDoNotFitAreRefused) {
  const auto error = [](std::vector<std::string> classes) {
    return record_error([&](auto& record) { record.classes = std::move(classes); });
  };
  EXPECT_EQ(error({"a", "b"}), "no error");
  EXPECT_EQ(error({"a", "caf\xC3\xA9", "c", std::string(255, 'd')}), "no error");
  EXPECT_THAT(error({}), HasSubstr("has 0 classes; the base network has outputs for 2 to 4"));
  EXPECT_THAT(error({"a"}), HasSubstr("has 1 classes"));
  EXPECT_THAT(error({"a", "b", "c", "d", "e"}), HasSubstr("has 5 classes"));
  EXPECT_THAT(error({"a", ""}), HasSubstr("has class 1, whose name is empty"));
  EXPECT_THAT(error({"a", "boo\nt"}), HasSubstr("class 1, whose name has a control character at byte 3"));
  EXPECT_THAT(error({"a", std::string("a\0", 2)}), HasSubstr("class 1, whose name has a control character at byte 1"));
  EXPECT_THAT(error({"\xFF\xFE", "b"}), HasSubstr("class 0, whose name is not UTF-8 at byte 0"));
  EXPECT_THAT(error({"a", std::string(256, 'b')}), HasSubstr("has 256 bytes; at most 255 fit"));
  EXPECT_THAT(error({"a", "b", "a"}), HasSubstr("two classes of one name"));
}

TEST(TaskRecord, MasksThatDoNotFitAreRefused) {
  EXPECT_EQ(record_error([](auto&) {}), "no error");
  EXPECT_THAT(record_error([](auto& record) { record.layers.pop_back(); }), HasSubstr("masks 1 layers"));
  EXPECT_THAT(record_error([](auto& record) { record.layers.clear(); }), HasSubstr("masks 0 layers"));
  EXPECT_THAT(record_error([](auto& record) { record.layers[0].kept.push_back(0); }),
              HasSubstr("masks 28 weights of 0.weight, which has 27"));
  EXPECT_THAT(record_error([](auto& record) {
                record.layers[1] = {std::vector<std::uint8_t>(192), {}, {}};
              }),
              HasSubstr("keeps no weight of 4.weight"));
  EXPECT_THAT(record_error([](auto& record) { std::ranges::replace(record.layers[0].kept, 1, 2); }),
              HasSubstr("not made of 0 and 1 in 0.weight"));
}

TEST(TaskRecord, ValuesAndRanksThatDoNotFitAreRefused) {
  EXPECT_THAT(record_error([](auto& record) { record.layers[1].values.pop_back(); }),
              HasSubstr("kept weights of 4.weight; expected one for each, or none in any layer"));
  EXPECT_THAT(record_error([](auto& record) { record.layers[0].values.push_back(1); }), HasSubstr("of 0.weight"));
  EXPECT_THAT(record_error([](auto& record) { record.layers[0].values.clear(); }), HasSubstr("of 4.weight"));
  EXPECT_THAT(record_error([](auto& record) { record.layers[1].values.clear(); }), HasSubstr("gives 0 values"));
  for (const float value : {NAN, INFINITY, -INFINITY})
    EXPECT_THAT(record_error([&](auto& record) { record.layers[1].values.back() = value; }),
                HasSubstr("a value that is not finite in 4.weight"));
  EXPECT_THAT(record_error([](auto& record) { record.layers[0].ranks.pop_back(); }), HasSubstr("ranks"));
  EXPECT_THAT(record_error([](auto& record) { record.layers[0].ranks[0] = 16; }),
              HasSubstr("has a rank of 16 or more"));
  EXPECT_EQ(record_error([](auto& record) { record.layers[0].ranks.clear(); }), "no error");
}

TEST(TaskRecord, CountsAndStatisticsThatDoNotFitAreRefused) {
  const std::size_t variance = variance_index(small_base());
  EXPECT_THAT(record_error([](auto& record) { record.examples = 0; }), HasSubstr("from no example"));
  EXPECT_THAT(record_error([](auto& record) { record.place = 0; }), HasSubstr("no place"));
  EXPECT_THAT(record_error([](auto& record) { record.statistics.pop_back(); }),
              HasSubstr("has 5 running statistics; the base network has 6"));
  EXPECT_THAT(record_error([](auto& record) { record.statistics.push_back(0); }), HasSubstr("has 7"));
  EXPECT_THAT(record_error([](auto& record) { record.statistics.clear(); }), HasSubstr("has 0"));
  EXPECT_THAT(record_error([&](auto& record) { record.statistics[variance] = -1e-9F; }),
              HasSubstr("a negative variance in 1.running_variance"));
  EXPECT_EQ(record_error([&](auto& record) { record.statistics[variance - 1] = -1; }), "no error");
  EXPECT_EQ(record_error([&](auto& record) { record.statistics[variance] = 0; }), "no error");
  for (std::size_t i = 0; i < 6; ++i)
    for (const float value : {NAN, INFINITY})
      EXPECT_THAT(record_error([&](auto& record) { record.statistics[i] = value; }),
                  HasSubstr("a running statistic that is not finite"));
}

TEST(TaskRecord, BytesOfARecordThatDoesNotFitAreRefused) {
  EXPECT_EQ(record_decode_error([](auto) {}), "no error");
  EXPECT_THAT(record_decode_error([](auto record) { record.setExamples(0); }), HasSubstr("no example"));
  EXPECT_THAT(record_decode_error([](auto record) { record.initLayers(3); }), HasSubstr("masks 3 layers"));
  EXPECT_THAT(record_decode_error([](auto record) { record.disownLayers(); }), HasSubstr("masks 0 layers"));
  EXPECT_THAT(record_decode_error([](auto record) { record.initClasses(3); }),
              HasSubstr("has class 0, whose name is empty"));
  EXPECT_THAT(record_decode_error([](auto record) { record.disownStatistics(); }), HasSubstr("has 0 running"));
  EXPECT_THAT(record_decode_error([](auto record) { record.initStatistics(23); }), HasSubstr("whole number of values"));
  EXPECT_THAT(record_decode_error([](auto record) { record.getLayers()[0].initValues(5); }), HasSubstr("whole number"));
  EXPECT_THAT(record_decode_error([](auto record) { record.getLayers()[0].initRanks(1); }), HasSubstr("ranks 2 of"));
  EXPECT_THAT(record_decode_error([](auto record) { record.getLayers()[1].disownMask(); }),
              HasSubstr("the mask of 4.weight, has fewer bytes"));
  EXPECT_THAT(record_decode_error([&](auto record) { record.getLayers()[0].initMask(40); }),
              HasSubstr("the mask of 0.weight, has more bytes"));
}

TEST(TaskRecord, TruncationsAreRefused) {
  const Bytes bytes = some_record().encode();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(TaskRecord::decode(ByteView(bytes).first(size), small_base()), InputError) << size;
}

TEST(TaskRecord, FlippedBitsNeverEscapeAsAnythingButInputError) {
  const BaseNetwork base = small_base();
  Bytes bytes = some_record({.density = 0.05}).encode();
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    try {
      TaskRecord::decode(bytes, base).check(base, "the task");
    } catch (const InputError&) {
    }
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  }
}

TEST(TaskRecord, OfAnotherBaseIsRefused) {
  BaseNetwork larger = small_base();
  larger.network =
      nn::parse_network("input 1x4x4; conv 4 k3 p1 nobias; batchnorm noaffine; relu; flatten; linear 4 nobias");
  EXPECT_THROW(TaskRecord::decode(some_record().encode(), larger), InputError);
  EXPECT_THROW(some_record().check(larger, "the task"), InputError);
}

TEST(MaskedParameters, AreTheRecordsValuesUnderItsMask) {
  const BaseNetwork base = small_base();
  for (const bool own : {true, false}) {
    const TaskRecord record = some_record({.values = own});
    const nn::Parameters parameters = masked_parameters(base, record);
    parameters.check(base.network);
    const auto base_values = base.weight_values();
    std::size_t layer = 0;
    for (const nn::Tensor& tensor : parameters.tensors) {
      if (tensor.spec.role != nn::TensorRole::kWeight) continue;
      const LayerMask& mask = record.layers[layer];
      std::size_t kept_before = 0;
      for (std::size_t i = 0; i < mask.kept.size(); ++i) {
        const float kept = own ? mask.values[std::min(kept_before, mask.values.size() - 1)] : base_values[layer][i];
        ASSERT_EQ(tensor.values[i], mask.kept[i] == 1 ? kept : 0) << layer << " " << i;
        kept_before += mask.kept[i];
      }
      ++layer;
    }
    EXPECT_EQ(layer, 2U);
    EXPECT_EQ(statistics_of(parameters), record.statistics);
  }
}

TEST(Statistics, AreThoseOfAllBatchNormsInOrder) {
  const auto network = nn::parse_network(
      "input 1x6x6; conv 3 k3 nobias; batchnorm noaffine; relu; conv 2 k3 nobias; batchnorm noaffine sets2; linear 4 "
      "nobias");
  std::vector<std::pair<std::string, std::size_t>> found;
  for (const nn::TensorSpec& tensor : statistics_tensors(network)) found.emplace_back(tensor.name, tensor.size());
  EXPECT_EQ(found,
            (std::vector<std::pair<std::string, std::size_t>>{
                {"1.running_mean", 3}, {"1.running_variance", 3}, {"4.running_mean", 4}, {"4.running_variance", 4}}));
  EXPECT_EQ(statistics_of(nn::Parameters::initial(network, 1)),
            (std::vector<float>{0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1}));
}

}  // namespace
}  // namespace outrider
