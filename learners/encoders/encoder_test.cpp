#include "learners/encoders/encoder.h"

#include <capnp/message.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/encoders/architectures.h"
#include "learners/encoders/embedder.h"
#include "learners/encoders/encoder.capnp.h"
#include "learners/random.h"

namespace outrider {
namespace {

using testing::HasSubstr;

Encoder make_encoder(std::uint64_t seed = 1) {
  const ImageShape shape{1, 28, 28};
  const auto network = architecture("conv4", shape);
  return {"conv4 on noise", {shape, true, 0.1F, 0.3F}, network, nn::Parameters::initial(network, seed)};
}

template <typename Change>
std::string decode_error(Change change) {
  const Encoder encoder = make_encoder();
  capnp::MallocMessageBuilder message;
  wire::read<wire::Encoder>(encoder.encode(), "encoder",
                            [&](wire::Encoder::Reader reader) { message.setRoot(reader); });
  change(message.getRoot<wire::Encoder>());
  try {
    Encoder::decode(wire::flatten(message));
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Encoder, RoundTrips) {
  const Encoder encoder = make_encoder();
  const Bytes bytes = encoder.encode();
  const Encoder decoded = Encoder::decode(bytes);
  EXPECT_EQ(decoded, encoder);
  EXPECT_EQ(decoded.encode(), bytes);
  EXPECT_EQ(decoded.id(), encoder.id());
  EXPECT_EQ(decoded.dimension(), 64U);
}

TEST(Encoder, IdCoversEveryPart) {
  const Digest id = make_encoder().id();
  EXPECT_EQ(make_encoder().id(), id);
  EXPECT_NE(make_encoder(2).id(), id);
  Encoder other = make_encoder();
  other.preprocessing.invert = false;
  EXPECT_NE(other.id(), id);
  other = make_encoder();
  other.name = std::string("conv4\0on noise", 14);
  EXPECT_NE(other.id(), id);
  EXPECT_EQ(Encoder::decode(other.encode()).name, other.name);
}

TEST(Encoder, TruncationsAreRefused) {
  const Bytes bytes = make_encoder().encode();
  for (std::size_t size = 0; size < bytes.size(); size += size < 600 ? 1 : 4099)
    EXPECT_THROW(Encoder::decode(ByteView(bytes).first(size)), InputError) << size;
}

TEST(Encoder, FlippedBitsNeverEscapeAsAnythingButInputError) {
  Bytes bytes = make_encoder().encode();
  for (std::size_t bit = 0; bit < 8 * 600; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    try {
      Encoder::decode(bytes);
    } catch (const InputError&) {
    }
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

TEST(Encoder, PartsThatDoNotFitAreRefused) {
  EXPECT_THAT(decode_error([](auto encoder) { encoder.getPreprocessing().setHeight(29); }),
              HasSubstr("takes 1x29x28 pictures but its network reads 1x28x28"));
  EXPECT_THAT(decode_error([](auto encoder) { encoder.getPreprocessing().setWidth(0xFFFFFFFF); }),
              HasSubstr("the pictures' width is 4294967295; expected 1 to 4096"));
  EXPECT_THAT(decode_error([](auto encoder) { encoder.getPreprocessing().setDeviation(0); }), HasSubstr("deviation 0"));
  EXPECT_THAT(decode_error([](auto encoder) { encoder.getPreprocessing().setMean(NAN); }), HasSubstr("mean nan"));
  EXPECT_THAT(decode_error([](auto encoder) { encoder.setNetwork("input 1x28x28; conv 64"); }),
              HasSubstr("network text, character"));
  EXPECT_THAT(decode_error([](auto encoder) { encoder.setNetwork("input 1x28x28; flatten"); }),
              HasSubstr("the number of tensors is"));
  EXPECT_THAT(decode_error([](auto encoder) { encoder.setName(std::string(300, 'a')); }), HasSubstr("300 bytes"));
  EXPECT_EQ(decode_error([](auto) {}), "no error");
}

TEST(Embedder, PreprocessesThenRunsTheNetwork) {
  const ImageShape shape{1, 1, 2};
  const auto network = nn::parse_network("input 1x1x2; linear 2 nobias");
  auto parameters = nn::Parameters::initial(network, 1);
  parameters.at("0.weight").values = {1, 0, 0, 1};
  const Encoder encoder{"identity", {shape, true, 0.25F, 0.5F}, network, parameters};
  Embedder embedder(encoder, 1);
  std::vector<float> out(2);
  embedder.embed(std::vector<std::uint8_t>{0, 255}, out);
  EXPECT_FLOAT_EQ(out[0], (1 - 0.25F) / 0.5F);
  EXPECT_FLOAT_EQ(out[1], (0 - 0.25F) / 0.5F);
}

TEST(Embedder, GivesTheSameBitsForOneOrMany) {
  const Encoder encoder = make_encoder();
  Dataset dataset;
  dataset.shape = encoder.preprocessing.input;
  dataset.labels.resize(17);
  dataset.classes = {"noise"};
  dataset.pixels.resize(17 * dataset.shape.size());
  Random random(1);
  for (std::uint8_t& pixel : dataset.pixels) pixel = static_cast<std::uint8_t>(random.below(256));
  Embedder many(encoder, 2);
  Embedder one(encoder, 1);
  const auto together = many.embed(dataset);
  ASSERT_EQ(together.size(), 17 * one.dimension());
  for (std::size_t i = 0; i < 17; ++i) {
    std::vector<float> alone(one.dimension());
    one.embed(dataset.image(i), alone);
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + static_cast<std::ptrdiff_t>(i * 64)));
  }
}

TEST(Embedder, RefusesPicturesOfAnotherShape) {
  Embedder embedder(make_encoder(), 1);
  Dataset colour;
  colour.shape = {3, 28, 28};
  EXPECT_THROW(embedder.embed(colour), InputError);
}

}  // namespace
}  // namespace outrider
