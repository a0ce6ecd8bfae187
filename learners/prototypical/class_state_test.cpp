#include "learners/prototypical/class_state.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/half.h"
#include "learners/prototypical/class_state.capnp.h"
#include "learners/random.h"

namespace outrider {
namespace {

std::vector<float> random_embeddings(std::size_t size, std::uint64_t seed) {
  Random random(seed, "test");
  std::vector<float> values(size);
  for (float& value : values) value = 3 * random.normal() + 1;
  return values;
}

ClassState random_state(std::size_t dimension, std::size_t count, std::uint64_t seed, bool deviations = true) {
  ClassStateBuilder builder(dimension, deviations);
  builder.add(random_embeddings(dimension * count, seed));
  return builder.state();
}

TEST(ClassState, CountsSumsAndSpread) {
  ClassStateBuilder builder(2);
  builder.add(std::vector<float>{1, 10, 2, 10, 6, 10});
  const ClassState state = builder.state();
  EXPECT_EQ(state.count, 3u);
  EXPECT_EQ(state.sum, (std::vector<float>{9, 30}));
  EXPECT_EQ(state.deviations, (std::vector<float>{14, 0}));  // (1-3)^2 + (2-3)^2 + (6-3)^2
  EXPECT_EQ(state.prototype(), (std::vector<float>{3, 10}));
}

TEST(ClassState, GoesOnFromWhatWasLearned) {
  const std::vector<float> embeddings = random_embeddings(5 * 40, 1);
  ClassStateBuilder whole(5);
  whole.add(embeddings);
  ClassStateBuilder first(5);
  first.add(std::span(embeddings).first(5 * 17));
  ClassStateBuilder second(first.state());
  second.add(std::span(embeddings).subspan(5 * 17));
  EXPECT_EQ(second.count(), 40u);
  for (std::size_t j = 0; j < 5; ++j) {
    EXPECT_NEAR(second.state().sum[j], whole.state().sum[j], 1e-4);
    EXPECT_NEAR(second.state().deviations[j], whole.state().deviations[j], 1e-3);
  }
  ClassStateBuilder without(random_state(5, 3, 1, false));
  without.add(embeddings);
  EXPECT_FALSE(without.state().keeps_deviations());
}

TEST(ClassState, RefusesEmbeddingsThatAreNotFinite) {
  ClassStateBuilder builder(2);
  EXPECT_THROW(builder.add(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}), InputError);
  EXPECT_THROW(builder.add(std::vector<float>{-std::numeric_limits<float>::infinity(), 1}), InputError);
  EXPECT_EQ(builder.count(), 0u);
}

TEST(ClassStateWire, Float32LosesNothing) {
  for (const bool deviations : {true, false}) {
    ClassState state = random_state(64, 9, 2, deviations);
    state.sum[3] = 1e-30f;
    EXPECT_EQ(decode_class_state(encode(state)), state);
  }
}

TEST(ClassStateWire, ShortEncodingsKeepTheirPromisedError) {
  for (const float magnitude : {1e-20f, 1e-3f, 1.0f, 1e9f}) {
    ClassState state = random_state(200, 9, 3, false);
    float largest = 0;
    for (float& component : state.sum) largest = std::max(largest, std::fabs(component *= magnitude));
    const ClassState half = decode_class_state(encode(state, Precision::float16));
    const ClassState byte = decode_class_state(encode(state, Precision::int8));
    for (std::size_t j = 0; j < state.dimension(); ++j) {
      EXPECT_LE(std::fabs(half.sum[j] - state.sum[j]), std::fabs(state.sum[j]) * 0x1p-11f) << magnitude;
      EXPECT_LE(std::fabs(byte.sum[j] - state.sum[j]), largest / 254 * 1.0001f) << magnitude;
    }
  }
}

TEST(ClassStateWire, ShortEncodingsCarryZerosAndExtremes) {
  for (const Precision precision : {Precision::float16, Precision::int8}) {
    const ClassState zeros{1, {0, -0.0f, 0}, {}};
    EXPECT_EQ(decode_class_state(encode(zeros, precision)).sum, (std::vector<float>{0, 0, 0}));
    const ClassState large{1, {0x1p40f, -0x1p40f}, {}};
    EXPECT_EQ(decode_class_state(encode(large, precision)).sum[0],
              -decode_class_state(encode(large, precision)).sum[1]);
    const ClassState tiny{1, {std::numeric_limits<float>::denorm_min(), 0}, {}};
    EXPECT_NEAR(decode_class_state(encode(tiny, precision)).sum[0], 0, 0x1p-125f);
  }
}

TEST(ClassStateWire, SizesAreAsStated) {
  const ClassState state = random_state(64, 5, 4, false);
  EXPECT_LE(encode(state).size(), 64 * 4 + 64u);
  EXPECT_LE(encode(state, Precision::float16).size(), 64 * 2 + 64u);
  EXPECT_LE(encode(state, Precision::int8).size(), 64 * 1 + 64u);
}

TEST(ClassStateWire, RefusesWhatIsOutOfRange) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::uint64_t most = kContributedLimits.count;
  EXPECT_NO_THROW(decode_class_state(encode(ClassState{most, {1}, {}})));
  EXPECT_NO_THROW(decode_class_state(encode(ClassState{most, {0x1p40f}, {}})));
  EXPECT_THROW(decode_class_state(encode(ClassState{0, {1}, {}})), InputError);
  EXPECT_THROW(decode_class_state(encode(ClassState{most + 1, {1}, {}})), InputError);
  EXPECT_THROW(decode_class_state(encode(ClassState{1, {nan}, {}})), InputError);
  EXPECT_THROW(decode_class_state(encode(ClassState{1, {-infinity}, {}})), InputError);
  EXPECT_THROW(decode_class_state(encode(ClassState{1, {-0x1.1p40f}, {}})), InputError);
  EXPECT_THROW(decode_class_state(encode(ClassState{2, {1, 2}, {1, nan}})), InputError);
  EXPECT_THROW(decode_class_state(encode(ClassState{2, {1, 2}, {1, -1}})), InputError);
  EXPECT_THROW(decode_class_state(encode(ClassState{2, {1, 2}, {1, 0x1p53f}})), InputError);
  EXPECT_THROW(decode_class_state(encode(ClassState{1, {0x1p27f, 0}, {0, 0}})), InputError);  // its square is too large
  EXPECT_NO_THROW(decode_class_state(encode(ClassState{most + 1, {0x1p41f}, {}}), kMergedLimits));
}

TEST(ClassStateWire, RefusesOddShapes) {
  auto decode = [](auto&& fill) {
    capnp::MallocMessageBuilder message;
    auto root = message.initRoot<wire::ClassState>();
    root.setCount(1);
    fill(root);
    return decode_class_state(wire::flatten(message));
  };
  EXPECT_THROW(decode([](auto) {}), InputError);
  EXPECT_THROW(decode([](auto root) { root.initSum().initFloat32(0); }), InputError);
  EXPECT_NO_THROW(decode([](auto root) { root.initSum().initFloat32(65536); }));
  EXPECT_THROW(decode([](auto root) { root.initSum().initFloat32(65537); }), InputError);
  EXPECT_THROW(decode([](auto root) {
                 root.initSum().initFloat32(2);
                 root.initDeviations().initFloat32(1);
               }),
               InputError);
  for (const float scale : {0.0f, -1.0f, std::numeric_limits<float>::infinity()})
    EXPECT_THROW(decode([&](auto root) {
                   root.initSum().setScale(scale);
                   root.getSum().initInt8(2);
                 }),
                 InputError)
        << scale;
  EXPECT_THROW(decode([](auto root) {
                 root.initSum().setScale(1);
                 root.getSum().initFloat16(1).set(0, 0x7c00);  // infinity
               }),
               InputError);
}

TEST(ClassStateWire, RefusesTruncationAndSurvivesEveryFlippedBit) {
  const Bytes whole = encode(random_state(6, 4, 5), Precision::float16);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(decode_class_state(ByteView(whole).first(size)), InputError) << size;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    try {
      const ClassState state = decode_class_state(damaged);
      EXPECT_GE(state.count, 1u);
      EXPECT_GE(state.dimension(), 1u);
    } catch (const InputError&) {
    }
  }
}

TEST(ClassStateWire, ErrorsNameTheThing) {
  try {
    decode_class_state(encode(ClassState{0, {1}, {}}), kContributedLimits, "the state of class 'sandal'");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()), "the state of class 'sandal' has the count 0; expected 1 to 1099511627776");
  }
}

TEST(Half, EveryValueSurvives) {
  for (std::uint32_t half = 0; half < 0x10000; ++half) {
    const float value = from_half(static_cast<std::uint16_t>(half));
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(from_half(to_half(value))));
    else
      EXPECT_EQ(to_half(value), half);
  }
}

TEST(Half, RoundsToNearestTiesToEven) {
  for (std::uint16_t half = 0; half < 0x7bff; ++half) {
    const float low = from_half(half);
    const float high = from_half(static_cast<std::uint16_t>(half + 1));
    const float middle = (low + high) / 2;
    ASSERT_EQ(to_half(middle), half % 2 == 0 ? half : half + 1) << half;
    ASSERT_EQ(to_half(std::nextafter(middle, low)), half);
    ASSERT_EQ(to_half(std::nextafter(middle, high)), half + 1);
  }
  EXPECT_EQ(from_half(to_half(65519.0f)), 65504.0f);
  EXPECT_TRUE(std::isinf(from_half(to_half(65520.0f))));
  EXPECT_EQ(from_half(to_half(-1.5f)), -1.5f);
}

// 520 KB of it lay between the 64 numbers of a class.
TEST(ClassStatePadding, IsTakenForNothing) {
  for (const std::size_t dimension : {1U, 2U, 64U, 1000U, 65'536U})
    for (const Precision precision : {Precision::float32, Precision::float16, Precision::int8})
      for (const bool deviations : {false, true}) {
        ClassState state{1, std::vector<float>(dimension, 1), {}};
        if (deviations) state.deviations.assign(dimension, 2);
        const Bytes bytes = encode(state, precision);
        EXPECT_NO_THROW(require_no_padding(bytes, "the state"));
        EXPECT_LE(bytes.size(), most_state_bytes(dimension));
      }
  // One segment, with words after the state that nothing points to.
  Bytes padded = encode(ClassState{1, std::vector<float>(64, 1), {}}, Precision::int8);
  const auto pad = [&](std::size_t words) {
    Bytes longer = padded;
    longer.resize(padded.size() + 8 * words);
    const std::uint32_t length = static_cast<std::uint32_t>(longer.size() / 8 - 1);
    for (int i = 0; i < 4; ++i) longer[4 + i] = static_cast<std::uint8_t>(length >> (8 * i));
    return longer;
  };
  EXPECT_EQ(decode_class_state(pad(65'000)).count, 1U);
  EXPECT_NO_THROW(require_no_padding(pad(8), "the state")) << "what a later version may add";
  EXPECT_THROW(require_no_padding(pad(9), "the state"), InputError);
  EXPECT_THROW(require_no_padding(pad(65'000), "the state"), InputError);
}

}  // namespace
}  // namespace outrider
