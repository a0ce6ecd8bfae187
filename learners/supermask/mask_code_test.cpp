#include "learners/supermask/mask_code.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/random.h"

namespace outrider {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Mask = std::vector<std::uint8_t>;

Mask random_mask(Random& random, std::size_t size, double density) {
  Mask mask(size);
  for (std::uint8_t& bit : mask) bit = static_cast<double>(random.uniform()) < density ? 1 : 0;
  return mask;
}

double entropy_bytes(const Mask& mask) {
  const auto n = static_cast<double>(mask.size());
  const double share = static_cast<double>(std::ranges::count(mask, 1)) / n;
  return -n * (share * std::log2(share) + (1 - share) * std::log2(1 - share)) / 8;
}

Mask decoded(ByteView code, std::size_t size) {
  Mask mask(size, 2);
  decode_mask(code, mask, "the mask");
  return mask;
}

std::string mask_error(ByteView code, std::size_t size) {
  try {
    decoded(code, size);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

// Either refused, or the code of the mask that it gives.
void expect_refused_or_canonical(const Bytes& code, std::size_t size) {
  try {
    EXPECT_EQ(encode_mask(decoded(code, size)), code);
  } catch (const InputError&) {
  }
}

TEST(MaskCode, RandomMasksCostTheirEntropy) {
  for (const std::size_t size : {10'000U, 30'000U, 100'000U, 266'200U})
    for (const double density : {0.02, 0.05, 0.1, 0.3, 0.5, 0.95}) {
      Random random(1, "test");
      const Mask mask = random_mask(random, size, density);
      const Bytes code = encode_mask(mask);
      EXPECT_LE(static_cast<double>(code.size()), 1.01 * entropy_bytes(mask) + 8) << size << " at " << density;
      EXPECT_EQ(decoded(code, size), mask);
    }
}

TEST(MaskCode, ClusteredMasksCostLess) {
  Random random(2, "test");
  Mask mask;
  for (int row = 0; row < 300; ++row) {
    const Mask weights = random_mask(random, 300, row % 10 == 0 ? 0.6 : 0.04);
    mask.insert(mask.end(), weights.begin(), weights.end());
  }
  const Bytes code = encode_mask(mask);
  EXPECT_LT(static_cast<double>(code.size()), 0.85 * entropy_bytes(mask));
  EXPECT_EQ(decoded(code, mask.size()), mask);
}

TEST(MaskCode, UniformMasksCostNextToNothing) {
  for (const std::uint8_t bit : Mask{0, 1})
    for (const std::size_t size : {1U, 2U, 100U, 1'000'000U}) {
      const Mask mask(size, bit);
      const Bytes code = encode_mask(mask);
      EXPECT_LE(code.size(), 8U) << size;
      EXPECT_EQ(decoded(code, size), mask);
    }
  EXPECT_TRUE(encode_mask({}).empty());
  EXPECT_TRUE(decoded({}, 0).empty());
}

TEST(MaskCode, EverySmallMaskRoundTrips) {
  for (std::size_t size = 1; size <= 12; ++size)
    for (unsigned bits = 0; bits < 1U << size; ++bits) {
      Mask mask;
      for (std::size_t i = 0; i < size; ++i) mask.push_back(bits >> i & 1U);
      const Bytes code = encode_mask(mask);
      EXPECT_LE(code.size(), 7U);
      ASSERT_EQ(decoded(code, size), mask) << size << " " << bits;
    }
}

// Sums that carry through many bytes come up where a likely bit fails to appear, or seldom.
TEST(MaskCode, MasksOfChangingDensityRoundTrip) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed, "test");
    Mask mask;
    while (mask.size() < 3000) {
      const Mask more = random_mask(random, 1 + random.below(600), std::pow(static_cast<double>(random.uniform()), 3));
      mask.insert(mask.end(), more.begin(), more.end());
    }
    ASSERT_EQ(decoded(encode_mask(mask), mask.size()), mask) << seed;
  }
}

TEST(MaskCode, TruncatedAndExtendedCodesAreRefused) {
  for (const double density : {0.0, 0.01, 0.1, 0.5, 1.0}) {
    Random random(3, "test");
    Bytes code = encode_mask(random_mask(random, 2000, density));
    for (std::size_t size = 0; size < code.size(); ++size)
      ASSERT_THROW(decoded(ByteView(code).first(size), 2000), InputError) << density << " " << size;
    for (const std::uint8_t more : Bytes{0, 1, 255}) {
      code.push_back(more);
      ASSERT_THROW(decoded(code, 2000), InputError) << density;
    }
  }
  EXPECT_THROW(decoded(Bytes{0}, 0), InputError);
  EXPECT_THROW(decoded(Bytes{}, 1), InputError);
}

TEST(MaskCode, FlippedBitsAreRefused) {
  Random random(4, "test");
  Bytes code = encode_mask(random_mask(random, 2000, 0.1));
  for (std::size_t bit = 0; bit < 8 * code.size(); ++bit) {
    code[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    ASSERT_THROW(decoded(code, 2000), InputError) << bit;
    code[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  }
}

TEST(MaskCode, AnyBytesAreRefusedOrTheCodeOfAMask) {
  Random random(5, "test");
  for (int i = 0; i < 5000; ++i) {
    Bytes code(random.below(40));
    const std::uint32_t values = 1 + random.below(256);
    for (std::uint8_t& byte : code) byte = static_cast<std::uint8_t>(random.below(values));
    expect_refused_or_canonical(code, random.below(300));
  }
}

TEST(MaskCode, SaysWhatIsWrong) {
  const Bytes code = encode_mask(Mask{1, 0, 1, 1});
  Bytes longer = code;
  longer.push_back(0);
  Bytes other = code;
  other.back() ^= 1;
  EXPECT_THAT(mask_error(ByteView(code).first(code.size() - 1), 4), StartsWith("the mask has fewer bytes"));
  EXPECT_THAT(mask_error(longer, 4), StartsWith("the mask has more bytes"));
  EXPECT_THAT(mask_error(other, 4), HasSubstr("no code of a mask"));
  EXPECT_EQ(mask_error(code, 4), "no error");
}

}  // namespace
}  // namespace outrider
