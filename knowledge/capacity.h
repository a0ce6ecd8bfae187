// What a device can spend on learning, as its client states it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace outrider {

// Without a bound where nothing is stated.
struct Capacity {
  static constexpr std::uint64_t kUnlimited = UINT64_MAX;

  std::uint64_t memory = kUnlimited;      // bytes, while it trains, beside the program and its pictures
  std::uint64_t operations = kUnlimited;  // of floating point a second, while it trains; a multiply-add is two

  auto operator<=>(const Capacity&) const = default;
};

// "64MB", "1.5 GiB", "4096": bytes; k, M, G and T are powers of 1000, and of 1024 with an i. Throws InputError,
// beginning with `what`, unless the text is such a number above 0.
std::uint64_t parse_memory(const std::string& what, std::string_view text);
// "500M", "2 GFLOPS", "8e9": operations a second; likewise.
std::uint64_t parse_operations(const std::string& what, std::string_view text);

// "64 MB", rounded to three digits; "unlimited".
std::string memory_text(std::uint64_t bytes);
// "2 GFLOPS"; likewise.
std::string operations_text(std::uint64_t operations);

}  // namespace outrider
