#include "learners/supermask/base_network.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <capnp/message.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/encoders/architectures.h"
#include "learners/supermask/base_network.capnp.h"
#include "learners/supermask/random_records.h"

namespace outrider {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr ImageShape kMnistPicture{1, 28, 28};
constexpr ImageShape kCifarPicture{3, 32, 32};

BaseNetwork lenet_base(std::uint64_t seed = 1, BaseWeights weights = BaseWeights::signed_constant) {
  return {
      {kMnistPicture, false, 0.1F, 0.3F}, base_architecture("lenet-300-100", kMnistPicture, 10), 0.1, seed, weights};
}

template <typename Change>
std::string check_error(Change change) {
  BaseNetwork base = small_base();
  change(base);
  try {
    base.check();
  } catch (const InputError& error) {
    EXPECT_THROW(base.encode(), InputError);
    return error.what();
  }
  return "no error";
}

// Of the wire form of small_base() after a change.
template <typename Change>
std::string base_decode_error(Change change) {
  capnp::MallocMessageBuilder message;
  wire::read<wire::BaseNetwork>(small_base().encode(), "base",
                                [&](wire::BaseNetwork::Reader reader) { message.setRoot(reader); });
  change(message.getRoot<wire::BaseNetwork>());
  try {
    BaseNetwork::decode(wire::flatten(message));
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(BaseNetwork, RoundTrips) {
  for (const BaseNetwork& base : {small_base(), lenet_base(7, BaseWeights::he_normal)}) {
    const Bytes bytes = base.encode();
    const BaseNetwork decoded = BaseNetwork::decode(bytes);
    EXPECT_EQ(decoded, base);
    EXPECT_EQ(decoded.encode(), bytes);
    EXPECT_EQ(decoded.id(), Digest::of(bytes));
    EXPECT_TRUE(BaseNetwork::recognises(bytes));
  }
}

TEST(BaseNetwork, IdCoversEveryPart) {
  const Digest id = small_base().id();
  EXPECT_EQ(small_base().id(), id);
  const auto id_after = [](auto change) {
    BaseNetwork base = small_base();
    change(base);
    return base.id();
  };
  EXPECT_NE(id_after([](auto& base) { base.seed = 2; }), id);
  EXPECT_NE(id_after([](auto& base) { base.density = 0.2; }), id);
  EXPECT_NE(id_after([](auto& base) { base.weights = BaseWeights::he_normal; }), id);
  EXPECT_NE(id_after([](auto& base) { base.preprocessing.invert = false; }), id);
  EXPECT_NE(id_after([](auto& base) { base.preprocessing.mean = 0; }), id);
  EXPECT_NE(id_after([](auto& base) { base.network.layers.pop_back(); }), id);
}

TEST(BaseNetwork, PartsThatDoNotFitAreRefused) {
  EXPECT_EQ(check_error([](auto&) {}), "no error");
  EXPECT_THAT(check_error([](auto& base) { base.preprocessing.input.height = 5; }),
              HasSubstr("reads 1x4x4 values, but its pictures are 1x5x4"));
  for (const float mean : {NAN, INFINITY})
    EXPECT_THAT(check_error([&](auto& base) { base.preprocessing.mean = mean; }), HasSubstr("finite mean"));
  for (const float deviation : {0.0F, -1.0F, NAN, INFINITY})
    EXPECT_THAT(check_error([&](auto& base) { base.preprocessing.deviation = deviation; }), HasSubstr("deviation"));
  for (const double density : {0.0, -0.1, 1.01, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THAT(check_error([&](auto& base) { base.density = density; }), HasSubstr("has density"));
  EXPECT_EQ(check_error([](auto& base) { base.density = 1; }), "no error");
  const auto with_network = [](const char* text) {
    return check_error([&](auto& base) { base.network = nn::parse_network(text); });
  };
  EXPECT_THAT(with_network("input 1x4x4; flatten; linear 1 nobias"), HasSubstr("1 outputs"));
  EXPECT_THAT(with_network("input 1x4x4; flatten"), HasSubstr("no weights"));
  EXPECT_THAT(with_network("input 1x4x4; linear 4"), HasSubstr("trains 0.bias"));
  EXPECT_THAT(with_network("input 1x4x4; conv 4 k3 nobias; batchnorm; linear 4 nobias"), HasSubstr("trains 1.gamma"));
  EXPECT_THAT(with_network("input 1x4x4; conv 4 k3 nobias; ibn 2; linear 4 nobias"), HasSubstr("trains 1.gamma"));
}

TEST(BaseNetwork, BytesThatAreNoBaseNetworkAreRefused) {
  EXPECT_EQ(base_decode_error([](auto) {}), "no error");
  EXPECT_THAT(base_decode_error([](auto base) { base.setMagic(1); }), StartsWith("the base network is none"));
  EXPECT_THAT(base_decode_error([](auto base) { base.setHeight(0xFFFFFFFF); }), HasSubstr("its pictures are"));
  EXPECT_THAT(base_decode_error([](auto base) { base.setDensity(2); }), HasSubstr("density 2"));
  EXPECT_THAT(base_decode_error([](auto base) { base.setNetwork("input 1x4x4; conv 64"); }),
              HasSubstr("network text, character"));
  EXPECT_THAT(base_decode_error([](auto base) { base.setNetwork(std::string(BaseNetwork::kMaxBytes, ';')); }),
              HasSubstr("bytes; at most"));
  EXPECT_THROW(BaseNetwork::decode({}), InputError);
}

TEST(BaseNetwork, TruncationsAreRefused) {
  const Bytes bytes = small_base().encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(BaseNetwork::decode(ByteView(bytes).first(size)), InputError) << size;
    BaseNetwork::recognises(ByteView(bytes).first(size));
  }
}

TEST(BaseNetwork, FlippedBitsNeverEscapeAsAnythingButInputError) {
  Bytes bytes = small_base().encode();
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    BaseNetwork::recognises(bytes);
    try {
      BaseNetwork::decode(bytes).check();
    } catch (const InputError&) {
    }
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  }
}

TEST(BaseNetwork, IsNotTakenForAnEncoderNorAnEncoderForIt) {
  for (const char* name : {"", "an encoder"}) {
    const auto network = architecture("conv4", kMnistPicture);
    const Encoder encoder{name, {kMnistPicture, true, 0.1F, 0.3F}, network, nn::Parameters::initial(network, 1)};
    EXPECT_FALSE(BaseNetwork::recognises(encoder.encode()));
    EXPECT_THROW(BaseNetwork::decode(encoder.encode()), InputError);
  }
  EXPECT_THROW(Encoder::decode(small_base().encode()), InputError);
  EXPECT_THROW(Encoder::decode(lenet_base().encode()), InputError);
}

TEST(BaseNetwork, SignedConstantsHaveTheHeSizeAndEitherSign) {
  const BaseNetwork base = lenet_base();
  const auto values = base.weight_values();
  const std::vector<std::size_t> fan_ins{784, 300, 100};
  ASSERT_EQ(values.size(), fan_ins.size());
  for (std::size_t layer = 0; layer < values.size(); ++layer) {
    const auto size = static_cast<float>(std::sqrt(2.0 / static_cast<double>(fan_ins[layer])));
    ASSERT_EQ(values[layer].size(), base.weight_tensors()[layer].size());
    EXPECT_TRUE(std::ranges::all_of(values[layer], [&](float value) { return std::abs(value) == size; }));
    const auto positive = static_cast<double>(std::ranges::count(values[layer], size));
    const auto all = static_cast<double>(values[layer].size());
    EXPECT_NEAR(positive, all / 2, 2 * std::sqrt(all));  // four standard deviations
  }
}

TEST(BaseNetwork, HeNormalValuesHaveTheHeVariance) {
  const auto values = lenet_base(1, BaseWeights::he_normal).weight_values();
  double sum = 0;
  double squares = 0;
  for (const float value : values[0]) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const auto count = static_cast<double>(values[0].size());
  EXPECT_NEAR(sum / count, 0, 5e-4);
  EXPECT_NEAR(squares / count, 2.0 / 784, 2e-5);
}

TEST(BaseNetwork, ValuesArePureFunctionsOfTheSeed) {
  for (const BaseWeights weights : {BaseWeights::signed_constant, BaseWeights::he_normal}) {
    const auto values = lenet_base(3, weights).weight_values();
    EXPECT_EQ(lenet_base(3, weights).weight_values(), values);
    EXPECT_EQ(BaseNetwork::decode(lenet_base(3, weights).encode()).weight_values(), values);
    const auto others = lenet_base(4, weights).weight_values();
    for (std::size_t layer = 0; layer < values.size(); ++layer) EXPECT_NE(others[layer], values[layer]);
  }
  // Known values: those of another version would be another network under the same name.
  const std::vector<float> first = small_base().weight_values()[0];
  std::string signs;
  for (const float value : first) signs += value > 0 ? '+' : '-';
  EXPECT_EQ(signs, "+---++---+++++---+++-+-----");
}

TEST(BaseArchitecture, HasWeightsAndNothingElseToTrain) {
  const auto trainable = [](std::string_view name, const ImageShape& picture, std::int64_t classes) {
    const BaseNetwork base{{picture, false, 0, 1}, base_architecture(name, picture, classes)};
    base.check();
    EXPECT_EQ(base.outputs(), static_cast<std::size_t>(classes));
    std::size_t weights = 0;
    for (const nn::TensorSpec& tensor : base.weight_tensors()) weights += tensor.size();
    EXPECT_EQ(base.network.parameter_count(), weights);
    return weights;
  };
  EXPECT_EQ(trainable("lenet-300-100", kMnistPicture, 10), 784U * 300 + 300 * 100 + 100 * 10);
  // 1,109,240 of the whole (architectures.h), less 100 biases and two affine parameters for each of 1,500 channels.
  EXPECT_EQ(trainable("resnet18-gem", kCifarPicture, 100), 1'109'240U - 100 - 2 * 1500);
  for (const std::string_view name : architecture_names()) trainable(name, kCifarPicture, 5);
}

TEST(BaseArchitecture, KeepsEveryLayerInItsPlace) {
  const auto whole = architecture("resnet18-gem", kCifarPicture, {.classes = 5});
  const auto bare = base_architecture("resnet18-gem", kCifarPicture, 5);
  EXPECT_EQ(bare.shapes(), whole.shapes());
  EXPECT_EQ(weights_only(bare), bare);
  EXPECT_THROW(base_architecture("lenet", kCifarPicture, 5), InputError);
}

TEST(WeightsOnly, LeavesOutBiasesAndAffineParameters) {
  const auto bare =
      weights_only(nn::parse_network("input 1x8x8; conv 4 k3; batchnorm; deconv 4 k2; instancenorm; relu; linear 5"));
  EXPECT_EQ(bare, nn::parse_network("input 1x8x8; conv 4 k3 nobias; batchnorm noaffine; deconv 4 k2 nobias; "
                                    "instancenorm noaffine; relu; linear 5 nobias"));
}

}  // namespace
}  // namespace outrider
