#include "learners/supermask/mask_code.h"

#include <array>
#include <cassert>
#include <utility>

#include "knowledge/error.h"

namespace outrider {
namespace {

// Masks cluster: whole rows and columns of weights matter more than others. So the chance of a one is learned apart for
// each of a few neighbourhoods; more of them would cost a random mask more than they save a clustered one.
class MaskModel {
 public:
  // The chance that the next bit is 1, in 1 / 2^16; neither 0 nor 1.
  std::uint32_t chance() const { return (chances_[context_].one >> 15U) | 1U; }

  void learn(std::uint32_t bit) {
    Chance& chance = chances_[context_];
    const std::int64_t towards = std::int64_t{bit} << 31U;
    chance.one = static_cast<std::uint32_t>(chance.one + (((towards - chance.one) * kRates[chance.seen]) >> 16U));
    if (chance.seen + 1U < kRates.size()) ++chance.seen;
    context_ = (static_cast<std::uint32_t>(history_ != 0) << 1U) | bit;
    history_ = ((history_ << 1U) | bit) & 0x7FU;
  }

 private:
  struct Chance {
    std::uint32_t one = 1U << 30U;  // in 1 / 2^31, less than 1
    std::uint32_t seen = 0;
  };

  // 1 / (seen + 2) in 1 / 2^16, which makes the chance Krichevsky and Trofimov's (ones + 1/2) / (seen + 1). The last
  // rate stays: what a long mask was like far back is forgotten.
  static constexpr auto kRates = [] {
    std::array<std::uint16_t, 1023> rates{};
    for (std::uint32_t seen = 0; seen < rates.size(); ++seen)
      rates[seen] = static_cast<std::uint16_t>(0x10000U / (seen + 2));
    return rates;
  }();

  std::array<Chance, 4> chances_;
  std::uint32_t context_ = 0;  // whether the last bit was 1, and whether any of the seven before it
  std::uint32_t history_ = 0;  // the last seven bits
};

// The interval of a message is [low, low + range), seen through a window of four bytes that slides along the code.
constexpr unsigned kMaskWindowBytes = 4;
constexpr std::uint64_t kWholeMaskRange = std::uint64_t{1} << 32U;
constexpr std::uint64_t kLeastMaskRange = std::uint64_t{1} << 24U;

class MaskEncoder {
 public:
  void put(std::uint32_t bit, std::uint32_t chance) {
    const std::uint64_t ones = (range_ * chance) >> 16U;
    const std::uint64_t zero = std::uint64_t{bit} - 1;
    low_ += zero & ones;
    range_ = ones + (zero & (range_ - 2 * ones));
    while (range_ < kLeastMaskRange) {
      shift();
      range_ <<= 8U;
    }
  }

  // The whole of `low`: a few bits more than it takes to be in the interval, in return no other code passes for it.
  Bytes finish() && {
    for (unsigned i = 0; i < kMaskWindowBytes; ++i) shift();
    return std::move(code_);
  }

 private:
  void shift() {
    if (low_ >= kWholeMaskRange)  // the sum carries into what has left the window; low < 1 overall, so it ends there
      for (auto byte = code_.rbegin(); ++*byte == 0;) ++byte;
    code_.push_back(static_cast<std::uint8_t>(low_ >> 24U));
    low_ = (low_ << 8U) & (kWholeMaskRange - 1);
  }

  Bytes code_;
  std::uint64_t low_ = 0;
  std::uint64_t range_ = kWholeMaskRange;
};

class MaskDecoder {
 public:
  MaskDecoder(ByteView code, const std::string& what) : rest_(code), what_(what) {
    for (unsigned i = 0; i < kMaskWindowBytes; ++i) shift();
  }

  std::uint32_t next(std::uint32_t chance) {
    const std::uint64_t ones = (range_ * chance) >> 16U;
    const std::uint64_t zero = above_ < ones ? 0 : ~std::uint64_t{0};  // a branch would be mispredicted too often
    above_ -= zero & ones;
    range_ = ones + (zero & (range_ - 2 * ones));
    while (range_ < kLeastMaskRange) {
      shift();
      range_ <<= 8U;
    }
    return static_cast<std::uint32_t>(zero + 1);
  }

  // An encoder shifts as often, and ends on `low` itself.
  void finish() const {
    if (!rest_.empty()) throw InputError(what_ + " has more bytes than such a mask takes");
    if (above_ != 0) throw InputError(what_ + " is no code of a mask: its end does not fit what comes before");
  }

 private:
  void shift() {
    if (rest_.empty()) throw InputError(what_ + " has fewer bytes than such a mask takes");
    above_ = (above_ << 8U) | rest_.front();
    rest_ = rest_.subspan(1);
  }

  ByteView rest_;
  const std::string& what_;
  std::uint64_t above_ = 0;  // the code less `low`; always less than the range
  std::uint64_t range_ = kWholeMaskRange;
};

}  // namespace

Bytes encode_mask(std::span<const std::uint8_t> mask) {
  if (mask.empty()) return {};
  MaskModel model;
  MaskEncoder encoder;
  for (const std::uint8_t bit : mask) {
    assert(bit <= 1);
    encoder.put(bit, model.chance());
    model.learn(bit);
  }
  return std::move(encoder).finish();
}

void decode_mask(ByteView code, std::span<std::uint8_t> mask, const std::string& what) {
  if (mask.empty()) {
    if (!code.empty()) throw InputError(what + " has more bytes than an empty mask takes");
    return;
  }
  MaskModel model;
  MaskDecoder decoder(code, what);
  for (std::uint8_t& bit : mask) {
    bit = static_cast<std::uint8_t>(decoder.next(model.chance()));
    model.learn(bit);
  }
  decoder.finish();
}

}  // namespace outrider
