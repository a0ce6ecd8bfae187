#include "learners/growing/growth_event.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/growing/crossing.h"
#include "learners/growing/mixture_wire.h"
#include "learners/growing/test_mixtures.h"

namespace outrider::growing {
namespace {

using testing::HasSubstr;

// Every shorter piece of the bytes, and every bit flipped here and there, is refused or read as something valid.
template <typename Read>
void expect_no_harm(const Bytes& good, const Read& read, std::size_t step) {
  for (std::size_t size = 0; size < good.size(); size += step * 8)
    EXPECT_THROW(read(ByteView(good).first(size)), InputError) << size;
  for (std::size_t at = 0; at < good.size() * 8; at += step * 7 + 1) {
    Bytes spoiled = good;
    spoiled[at / 8] ^= static_cast<std::uint8_t>(1U << (at % 8));
    try {
      read(spoiled);
    } catch (const InputError& error) {
      EXPECT_GT(std::string(error.what()).size(), 10U);
    }
  }
}

TEST(MixtureWire, KeepsEveryBit) {
  for (const MixtureForm& form : {residual_form(), residual_form(3), smooth_form(2)}) {
    const MixtureNetwork network = random_mixture(form, 3);
    EXPECT_EQ(decode_mixture(encode_mixture(network), form), network);
    EXPECT_LE(encode_mixture(network).size(), most_mixture_bytes(form));
  }
}

TEST(MixtureWire, RefusesWhatIsNoNetworkOfTheForm) {
  const MixtureForm form = smooth_form(1);
  MixtureNetwork network = random_mixture(form, 3);
  const Bytes good = encode_mixture(network);
  expect_no_harm(
      good, [&](ByteView bytes) { decode_mixture(bytes, form); }, 3);
  EXPECT_THAT(*objection_of([&] { decode_mixture(good, residual_form(), "the part"); }), HasSubstr("the part"));
  EXPECT_THROW(decode_mixture(good, smooth_form(2)), InputError);
  network.plain.tensors[0].values[0] = INFINITY;
  EXPECT_THROW(encode_mixture(network), InputError);
}

TEST(GrowthEvent, PeersRebuildTheVeryNetwork) {
  for (const CrossingRule rule :
       {CrossingRule::kOrthogonal, CrossingRule::kCopy, CrossingRule::kZero, CrossingRule::kRandom}) {
    const std::vector<MixtureNetwork> parts{random_mixture(residual_form(), 1), random_mixture(residual_form(), 2)};
    const GrowthEvent event = GrowthEvent::of(parts, {rule, 0.2F, 5});
    std::vector<MixtureNetwork> sent;
    for (const MixtureNetwork& part : parts) sent.push_back(decode_mixture(encode_mixture(part), part.form));
    const MixtureNetwork there = rebuild(GrowthEvent::decode(event.encode()), sent);
    EXPECT_EQ(there, grow(parts, event.crossings));
    EXPECT_EQ(there.weights(), grow(parts, event.crossings).weights());
    std::swap(sent[0], sent[1]);
    EXPECT_THAT(*objection_of([&] { rebuild(event, sent); }), HasSubstr("another part 0"));
    sent.pop_back();
    EXPECT_THAT(*objection_of([&] { rebuild(event, sent); }), HasSubstr("1 are here"));
  }
}

TEST(GrowthEvent, RefusesWhatIsNone) {
  const std::vector<MixtureNetwork> parts{random_mixture(smooth_form(1), 1), random_mixture(smooth_form(1), 2)};
  const GrowthEvent good = GrowthEvent::of(parts, {CrossingRule::kCopy, 0.2F, 5});
  EXPECT_EQ(GrowthEvent::decode(good.encode()), good);
  expect_no_harm(
      good.encode(), [](ByteView bytes) { GrowthEvent::decode(bytes); }, 1);
  GrowthEvent bad = good;
  bad.parts.pop_back();
  EXPECT_THROW(bad.encode(), InputError);
  bad.parts.resize(17, good.parts[0]);
  EXPECT_THROW(bad.encode(), InputError);
  EXPECT_THROW(GrowthEvent::of(parts, {CrossingRule::kCopy, NAN, 5}), InputError);
}

// conv4 with 64 channels, twice: 111,872 hidden weights each, 442,368 when grown.
TEST(GrowthEvent, IsMuchSmallerThanTheGrownWeights) {
  const MixtureForm form{.part = architecture("conv4", {1, 28, 28}, {.classes = 10}), .templates = 2};
  const std::vector<MixtureNetwork> parts{MixtureNetwork::initial(form, 1), MixtureNetwork::initial(form, 2)};
  const MixtureNetwork grown = grow(parts, {});
  const std::size_t weights = grown.weights().encode().size();
  const std::size_t templates = encode_mixture(parts[0]).size() + encode_mixture(parts[1]).size();
  const std::size_t event = GrowthEvent::of(parts, {}).encode().size();
  const std::size_t crossing = Crossing::of(grown, {}, 1).encode().size();
  RecordProperty("grown_weights", std::to_string(weights));
  RecordProperty("templates", std::to_string(templates));
  RecordProperty("event", std::to_string(event));
  RecordProperty("crossing", std::to_string(crossing));
  EXPECT_LT(templates, 0.35 * static_cast<double>(weights));
  EXPECT_LT(event, 200U);
  EXPECT_LT(crossing, 0.02 * static_cast<double>(weights));
}

TEST(Crossing, CarriesAllThatWasTrained) {
  const MixtureNetwork grown = random_mixture(residual_form(3), 1);
  MixtureNetwork trained = random_mixture(residual_form(3), 90);
  trained.templates = grown.templates;
  const Crossing crossing = Crossing::of(trained, Digest::of(Bytes{1}), 7);
  EXPECT_EQ(Crossing::decode(crossing.encode(), grown.form), crossing);
  const MixtureNetwork changed = with_crossing(grown, crossing);
  EXPECT_EQ(Crossing::of(changed, crossing.event, 7), crossing);
  EXPECT_EQ(with_crossing(changed, Crossing::of(grown, crossing.event, 1)), grown);
  EXPECT_EQ(changed.templates, grown.templates);
}

TEST(Crossing, RefusesWhatIsNoneOfTheForm) {
  const MixtureForm form = smooth_form(2);
  Crossing crossing = Crossing::of(random_mixture(form, 1), {}, 1);
  expect_no_harm(
      crossing.encode(), [&](ByteView bytes) { Crossing::decode(bytes, form); }, 1);
  EXPECT_THROW(Crossing::decode(crossing.encode(), smooth_form(3)), InputError);
  crossing.samples = 0;
  EXPECT_THAT(*objection_of([&] { Crossing::decode(crossing.encode(), form); }), HasSubstr("0 samples"));
  crossing.samples = 1;
  crossing.coefficients[0][0] = NAN;
  EXPECT_THAT(*objection_of([&] { Crossing::decode(crossing.encode(), form); }), HasSubstr("not finite"));
}

TEST(Crossing, TheMeanIsWeightedBySamples) {
  Crossing a = Crossing::of(random_mixture(smooth_form(2), 1), {}, 1);
  Crossing b = Crossing::of(random_mixture(smooth_form(2), 2), {}, 3);
  const Crossing both[] = {a, b};
  const Crossing mean = mean_crossing(both);
  EXPECT_EQ(mean.samples, 4U);
  EXPECT_NEAR(mean.coefficients[0][0], (a.coefficients[0][0] + 3 * b.coefficients[0][0]) / 4, 1e-6);
  EXPECT_NEAR(mean.plain.tensors[0].values[1], (a.plain.tensors[0].values[1] + 3 * b.plain.tensors[0].values[1]) / 4,
              1e-6);
  EXPECT_EQ(mean_crossing(std::span(both).first(1)), a);
}

}  // namespace
}  // namespace outrider::growing
