#include "learners/averaging/update_wire.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <capnp/message.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/averaging/averaging.capnp.h"
#include "learners/averaging/test_updates.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr Encoding kEncodings[] = {Encoding::kFloat32, Encoding::kFloat16, Encoding::kInt8};

Update some_update(const Strategy& strategy = parse_strategy("scaffold"), std::uint64_t seed = 1) {
  Random random(seed, "wire");
  Update update = random_update(random, 3, 17, small_network(), strategy);
  for (nn::Tensor& tensor : update.delta.tensors)  // of very different size
    for (float& value : tensor.values) value = std::ldexp(value, static_cast<int>(random.below(24)) - 16);
  return update;
}

Update there_and_back(const Update& update, Encoding encoding, const Strategy& strategy = parse_strategy("scaffold")) {
  return decode_update(encode_update(update, encoding), update.client, small_network(), strategy);
}

// Calls visit(value, arrived, largest magnitude in its row, whether it is a weight) for each.
template <typename Visit>
void for_each_pair(const nn::Parameters& sent, const nn::Parameters& arrived, const Visit& visit) {
  for (std::size_t t = 0; t < sent.tensors.size(); ++t) {
    const nn::Tensor& tensor = sent.tensors[t];
    const std::size_t length = tensor.values.size() / static_cast<std::size_t>(tensor.spec.dims.front());
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      float largest = 0;
      for (std::size_t k = i / length * length; k < (i / length + 1) * length; ++k)
        largest = std::max(largest, std::abs(tensor.values[k]));
      visit(static_cast<double>(tensor.values[i]), static_cast<double>(arrived.tensors[t].values[i]),
            static_cast<double>(largest), tensor.spec.dims.size() > 1);
    }
  }
}

TEST(UpdateWire, Float32IsExact) {
  for (const char* text : {"fedavg", "scaffold", "fedbn", "fedbuff 3"})
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
      const Strategy strategy = parse_strategy(text);
      const Update update = some_update(strategy, seed);
      EXPECT_EQ(there_and_back(update, Encoding::kFloat32, strategy), update);
    }
}

TEST(UpdateWire, ShorterEncodingsStayWithinTheirBounds) {
  for (std::uint64_t seed = 1; seed < 50; ++seed) {
    const Update update = some_update(parse_strategy("scaffold"), seed);
    for (const auto part : {&Update::delta, &Update::control}) {
      for_each_pair(update.*part, there_and_back(update, Encoding::kFloat16).*part,
                    [](double v, double w, double, bool) {
                      ASSERT_LE(std::abs(v - w), std::max(0x1p-11 * std::abs(v), 0x1p-25));
                    });
      for_each_pair(update.*part, there_and_back(update, Encoding::kInt8).*part,
                    [](double v, double w, double largest, bool weight) {
                      const double scale = largest / 127 * (1 + 0x1p-23);
                      ASSERT_LE(std::abs(v - w), weight ? scale / 2 + 0x1p-24 * std::abs(w) : 0.0);
                    });
    }
  }
}

// The largest of a row stays the largest, whatever its size; rows of zeros stay zeros.
TEST(UpdateWire, Int8HoldsRowsOfAnySize) {
  for (const float size : {1.0F, 1e-30F, 1e-44F, std::numeric_limits<float>::denorm_min(), 1e30F}) {
    Update update = some_update();
    std::vector<float>& values = update.delta.at("0.weight").values;
    std::fill_n(values.begin(), 9, 0.0F);
    values[9] = size;
    values[10] = -size;
    for (std::size_t i = 11; i < 18; ++i) values[i] = 0;
    const auto arrived = there_and_back(update, Encoding::kInt8).delta.at("0.weight").values;
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(arrived[i], 0);
    EXPECT_EQ(arrived[9], -arrived[10]);
    const double bound = std::max(static_cast<double>(size) * 0x1p-22, 0.5 * 0x1p-149);
    const double scale = std::max(static_cast<double>(size) / 127, 0x1p-149);
    EXPECT_NEAR(arrived[9], size, size > 1e-37F ? bound : scale / 2);
  }
}

TEST(UpdateWire, RefusesToEncodeWhatDoesNotFitTheEncoding) {
  Update update = some_update();
  update.delta.at("4.weight").values[5] = 65519;
  EXPECT_EQ(there_and_back(update, Encoding::kFloat16).delta.at("4.weight").values[5], 65504);
  update.delta.at("4.weight").values[5] = -65520;
  EXPECT_THAT(objection_of([&] { encode_update(update, Encoding::kFloat16); }).value_or(""),
              HasSubstr("4.weight holds -65520, too large to be sent as binary16"));
  update.delta.at("4.weight").values[5] = std::numeric_limits<float>::max();
  EXPECT_NO_THROW(there_and_back(update, Encoding::kFloat32));
  EXPECT_THAT(objection_of([&] { encode_update(update, Encoding::kInt8); }).value_or(""),
              HasSubstr("4.weight holds a value too large to be sent as int8"));
}

TEST(UpdateWire, TakesNoMoreThanItsNetworkNeeds) {
  for (const char* text : {"fedavg", "scaffold", "fedbn"})
    for (const Encoding encoding : kEncodings) {
      const Strategy strategy = parse_strategy(text);
      const std::size_t bytes = encode_update(some_update(strategy), encoding).size();
      EXPECT_LE(bytes, most_update_bytes(small_network(), strategy)) << text;
    }
}

TEST(UpdateWire, ShorterEncodingsAreShorter) {
  const auto network = nn::parse_network("input 64x1x1; linear 512; relu; linear 10");
  Random random(1, "sizes");
  const Update update = random_update(random, 1, 0, network, Strategy{});
  const auto numbers = static_cast<double>(network.parameter_count());
  const auto bytes = [&](Encoding encoding) { return static_cast<double>(encode_update(update, encoding).size()); };
  EXPECT_LT(bytes(Encoding::kFloat32), 4.1 * numbers);
  EXPECT_LT(bytes(Encoding::kFloat16), 2.1 * numbers);
  EXPECT_LT(bytes(Encoding::kInt8), 1.2 * numbers);
}

// Of the wire form of an update after a change.
template <typename Change>
std::string update_decode_error(Change change, Encoding encoding = Encoding::kInt8) {
  capnp::MallocMessageBuilder message;
  wire::read<wire::AveragingUpdate>(encode_update(some_update(), encoding), "update",
                                    [&](wire::AveragingUpdate::Reader reader) { message.setRoot(reader); });
  change(message.getRoot<wire::AveragingUpdate>());
  const auto said = objection_of([&] {
    decode_update(wire::flatten(message), shuffled_client(1), small_network(), parse_strategy("scaffold"),
                  "the update of tests");
  });
  EXPECT_THAT(said.value_or("the update of tests"), StartsWith("the update of tests"));
  return said.value_or("no error");
}

void put_float(capnp::Data::Builder data, std::size_t index, float value) {
  std::memcpy(data.begin() + index * sizeof value, &value, sizeof value);
}

TEST(UpdateWire, BytesOfAnUpdateThatDoesNotFitAreRefused) {
  const auto error = [](auto change) { return update_decode_error(change); };
  EXPECT_EQ(error([](auto) {}), "no error");
  EXPECT_THAT(error([](auto update) { update.setEncoding(3); }), HasSubstr("in encoding 3; known are 0 to 2"));
  EXPECT_THAT(error([](auto update) { update.setSamples(0); }), HasSubstr("from 0 samples"));
  EXPECT_THAT(error([](auto update) { update.setSamples(UINT64_MAX); }), HasSubstr("samples; expected 1 to"));
  EXPECT_THAT(error([](auto update) { update.disownDelta(); }), HasSubstr("has 0 tensors; expected 8"));
  EXPECT_THAT(error([](auto update) { update.initDelta(10000); }), HasSubstr("has 10000 tensors; expected 8"));
  EXPECT_THAT(error([](auto update) { update.disownControl(); }), HasSubstr("its control variate, has 0 tensors"));
  EXPECT_THAT(error([](auto update) { update.getDelta()[0].initValues(26); }),
              HasSubstr("0.weight comes in 26 bytes; expected 27"));
  EXPECT_THAT(error([](auto update) { update.getDelta()[0].disownValues(); }), HasSubstr("comes in 0 bytes"));
  EXPECT_THAT(error([](auto update) { update.getDelta()[0].initScales(8); }),
              HasSubstr("0.weight has the scales of its rows in 8 bytes; expected 12"));
  EXPECT_THAT(error([](auto update) { update.getDelta()[1].initScales(4); }), HasSubstr("0.bias has scales, which"));
  EXPECT_THAT(error([](auto update) { update.getDelta()[1].initValues(3); }),
              HasSubstr("0.bias comes in 3 bytes; expected 12"));
  EXPECT_THAT(error([](auto update) { update.getDelta()[0].getValues()[3] = 0x80; }),
              HasSubstr("0.weight holds -128; expected -127 to 127"));
}

TEST(UpdateWire, NumbersThatAreNotFiniteAreRefused) {
  for (const float value : {NAN, INFINITY, -INFINITY, -1.0F})
    EXPECT_THAT(update_decode_error([&](auto update) { put_float(update.getDelta()[0].getScales(), 2, value); }),
                HasSubstr("0.weight has a scale that is negative or not finite"));
  EXPECT_THAT(update_decode_error([&](auto update) {
                put_float(update.getDelta()[0].getScales(), 0, std::numeric_limits<float>::max());
              }),
              HasSubstr("0.weight has a value that is not finite"));
  for (const float value : {NAN, INFINITY, -INFINITY})
    EXPECT_THAT(update_decode_error([&](auto update) { put_float(update.getControl()[1].getValues(), 0, value); },
                                    Encoding::kFloat32),
                HasSubstr("its control variate,: 0.bias has a value that is not finite"));
  for (const unsigned high : {0x7CU, 0xFCU, 0x7EU})
    EXPECT_THAT(
        update_decode_error([&](auto update) { update.getDelta()[4].getValues()[1] = static_cast<std::uint8_t>(high); },
                            Encoding::kFloat16),
        HasSubstr("1.running_mean has a value that is not finite"));
}

TEST(UpdateWire, TruncationsAreRefused) {
  for (const Encoding encoding : kEncodings) {
    const Bytes bytes = encode_update(some_update(), encoding);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_THROW(
          decode_update(ByteView(bytes).first(size), shuffled_client(1), small_network(), parse_strategy("scaffold")),
          InputError)
          << size;
  }
}

// All bits where the pointers lie, and some of the others.
TEST(UpdateWire, FlippedBitsNeverEscapeAsAnythingButInputError) {
  const Strategy strategy = parse_strategy("scaffold");
  for (const Encoding encoding : kEncodings) {
    Bytes bytes = encode_update(some_update(), encoding);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += bit < 2048 ? 1 : 31) {
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      objection_of([&] {
        const Update update = decode_update(bytes, shuffled_client(1), small_network(), strategy);
        check_content(update, small_network(), strategy, "the update");
      });
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
  }
}

TEST(StateWire, RoundTripsWholeOrPublished) {
  const auto network = small_network();
  for (const char* text : {"fedavg", "fedavgm", "fedadam", "scaffold", "fedbn; fedyogi"}) {
    const Strategy strategy = parse_strategy(text);
    Random random(1, "states");
    ServerState state = ServerState::initial(network, strategy, nn::Parameters::initial(network, 1));
    for (int i = 0; i < 3; ++i)
      state = apply_round(network, strategy, state, random_updates(random, 3, state.round, network, strategy),
                          {.population = 5});
    EXPECT_EQ(decode_state(encode_state(state), network, strategy), state) << text;
    const ServerState shown = decode_state(encode_state(published(state)), network, strategy);
    EXPECT_EQ(shown, published(state)) << text;
    EXPECT_EQ(shown.weights, state.weights);
    EXPECT_EQ(shown.control, state.control);
  }
}

TEST(StateWire, StatesThatDoNotFitAreRefused) {
  const auto network = small_network();
  const Strategy adam = parse_strategy("fedadam");
  ServerState state = ServerState::initial(network, adam, nn::Parameters::initial(network, 1));
  const auto error = [&](const Strategy& strategy) {
    return objection_of([&] { decode_state(encode_state(state), network, strategy); }).value_or("no error");
  };
  EXPECT_EQ(error(adam), "no error");
  EXPECT_THAT(error(Strategy{}), HasSubstr("momentum has 6 tensors; expected 0"));
  EXPECT_THAT(error(parse_strategy("scaffold")), HasSubstr("expected 0"));
  state.momentum.tensors.clear();
  EXPECT_THAT(error(adam), HasSubstr("momentum has 0 tensors; expected 6"));
  state = ServerState::initial(network, adam, nn::Parameters::initial(network, 1));
  state.second.tensors[0].values[0] = -1;
  EXPECT_THAT(error(adam), HasSubstr("a negative value in 0.weight"));
  state.weights.at("1.running_variance").values[0] = -1;
  EXPECT_THAT(error(adam), HasSubstr("1.running_variance holds -1"));
  const Bytes bytes = encode_state(state);
  for (std::size_t size = 0; size < bytes.size(); size += 8)
    EXPECT_THROW(decode_state(ByteView(bytes).first(size), network, adam), InputError);
}

}  // namespace
}  // namespace outrider::averaging
