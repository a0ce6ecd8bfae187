#include "knowledge/capacity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "knowledge/error.h"

namespace outrider {
namespace {

constexpr std::string_view kPrefixes = "kMGT";

// Reads the leading number and leaves the rest of the text.
double take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return -1;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// The factor of "", "k", "Mi" and so on, in front of the unit, which may be left out; 0: there is no such unit.
double factor_of(std::string_view suffix, std::string_view unit) {
  if (suffix.ends_with(unit)) suffix.remove_suffix(unit.size());
  if (suffix.empty()) return 1;
  const std::size_t prefix = suffix.front() == 'K' ? 0 : kPrefixes.find(suffix.front());
  if (prefix == std::string_view::npos) return 0;
  const std::string_view rest = suffix.substr(1);
  if (!rest.empty() && rest != "i") return 0;
  return std::pow(rest.empty() ? 1000.0 : 1024.0, static_cast<double>(prefix + 1));
}

std::uint64_t parse_quantity(const std::string& what, std::string_view text, std::string_view unit,
                             const std::string& expected) {
  std::string_view rest = text;
  const double number = take_number(rest);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const double value = std::floor(number * factor_of(rest, unit));
  require(value >= 1 && value < 1e19, what + " is '" + std::string(text) + "'; expected " + expected);
  return static_cast<std::uint64_t>(value);
}

std::string quantity_text(std::uint64_t value, std::string_view unit) {
  if (value == Capacity::kUnlimited) return "unlimited";
  auto scaled = static_cast<double>(value);
  std::size_t prefix = 0;
  while (scaled >= 999.5 && prefix < kPrefixes.size()) {
    scaled /= 1000;
    ++prefix;
  }
  std::array<char, 32> digits{};
  std::snprintf(digits.data(), digits.size(), "%.3g ", scaled);
  std::string text = digits.data();
  if (prefix > 0) text += kPrefixes[prefix - 1];
  return text += unit;
}

}  // namespace

std::uint64_t parse_memory(const std::string& what, std::string_view text) {
  return parse_quantity(what, text, "B", "a number of bytes such as 64MB, 512MiB or 4GB");
}

std::uint64_t parse_operations(const std::string& what, std::string_view text) {
  return parse_quantity(what, text, "FLOPS", "a number of operations a second such as 500M, 2G or 1.5TFLOPS");
}

std::string memory_text(std::uint64_t bytes) {
  return quantity_text(bytes, "B");
}

std::string operations_text(std::uint64_t operations) {
  return quantity_text(operations, "FLOPS");
}

}  // namespace outrider
