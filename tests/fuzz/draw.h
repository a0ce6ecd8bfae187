// The input of a fuzz target as what its driver needs: numbers, words, topics and payloads, until it is used up.
#pragma once

#include <string>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "knowledge/contribution.h"

namespace outrider::fuzz {

// A payload that some family takes, to begin from.
struct Payload {
  Topic topic;
  Bytes bytes;
};

class Draw {
 public:
  Draw(const std::uint8_t* data, std::size_t size, std::vector<Payload> payloads)
      : input_(data, size), payloads_(std::move(payloads)) {}

  bool done() { return input_.remaining_bytes() == 0; }
  bool coin() { return input_.ConsumeBool(); }
  std::uint32_t below(std::uint32_t bound) { return input_.ConsumeIntegralInRange<std::uint32_t>(0, bound - 1); }
  // Small ones and those at the ends, and any.
  std::uint64_t number() {
    switch (below(4)) {
      case 0:
        return below(8);
      case 1:
        return ~std::uint64_t{below(4)};
      case 2:
        return std::uint64_t{1} << below(64);
      default:
        return input_.ConsumeIntegral<std::uint64_t>();
    }
  }
  std::uint32_t number32() { return static_cast<std::uint32_t>(number()); }
  Bytes bytes(std::size_t most) {
    return input_.ConsumeBytes<std::uint8_t>(below(static_cast<std::uint32_t>(most) + 1));
  }
  std::string word() { return input_.ConsumeRandomLengthString(300); }

  ClientId client() { return ClientId::from_public_key(bytes_of(std::string(1, static_cast<char>('a' + below(4))))); }
  // Of nothing, of what there is, or of a few things that there may be.
  Digest digest(const Digest& known) {
    const std::uint32_t which = below(5);
    if (which == 0) return {};
    return which < 3 ? known : Digest::of(bytes_of(std::string(1, static_cast<char>('0' + which))));
  }
  const Payload& sample() { return payloads_[below(static_cast<std::uint32_t>(payloads_.size()))]; }
  Topic topic() {
    Topic topic = sample().topic;
    if (coin()) topic.subject = coin() ? word() : std::string(1, static_cast<char>('A' + below(3)));
    return topic;
  }
  // What a family takes, with some of its words replaced; or anything; or nothing.
  Bytes payload() {
    if (below(8) == 0) return {};
    if (below(8) == 0) return bytes(200);
    Bytes payload = sample().bytes;
    for (std::uint32_t i = below(4); i > 0 && payload.size() >= 8; --i) {
      const std::uint64_t value = number();
      const std::size_t place = below(static_cast<std::uint32_t>(payload.size() / 8)) * std::size_t{8};
      for (std::size_t byte = 0; byte < 8; ++byte)
        payload[place + byte] = static_cast<std::uint8_t>(value >> (8 * byte));
    }
    return payload;
  }

 private:
  FuzzedDataProvider input_;
  std::vector<Payload> payloads_;
};

}  // namespace outrider::fuzz
