#include "learners/random.h"

#include <cassert>
#include <cmath>
#include <numbers>

#include "learners/philox.h"

namespace outrider {
namespace {

std::uint64_t mix(std::uint64_t x) {  // splitmix64's finaliser
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace

Random::Random(std::uint64_t seed, std::string_view purpose, std::uint64_t client, std::uint64_t round) {
  const std::uint64_t key = mix(seed ^ mix(fnv1a(purpose)));
  const std::uint64_t stream = mix(client ^ mix(round));
  key_ = {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
  counter_ = {0, 0, static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
}

void Random::refill() {
  block_ = philox4x32_10(counter_, key_);
  used_ = 0;
  if (++counter_[0] == 0) ++counter_[1];
}

Random::result_type Random::operator()() {
  if (used_ == block_.size()) refill();
  return block_[used_++];
}

float Random::uniform() {
  return static_cast<float>((*this)() >> 8) * 0x1p-24F;
}

std::uint32_t Random::below(std::uint32_t bound) {
  assert(bound > 0);
  // Lemire 2019: multiply, and reject the few values that would favour some results.
  std::uint64_t product = std::uint64_t{(*this)()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = -bound % bound;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{(*this)()} * bound;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

float Random::normal() {  // Box-Muller; the second value is dropped so that a draw costs a fixed number of words
  const float radius = std::sqrt(-2.0F * std::log(1.0F - uniform()));
  return radius * std::cos(2.0F * std::numbers::pi_v<float> * uniform());
}

}  // namespace outrider
