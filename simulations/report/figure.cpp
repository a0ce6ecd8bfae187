#include "simulations/report/figure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace outrider::simulations {
namespace {

constexpr std::array<std::pair<Unit, std::string_view>, 4> kUnits{
    {{Unit::share, "share"}, {Unit::bytes, "bytes"}, {Unit::seconds, "seconds"}, {Unit::number, "number"}}};
constexpr std::array<std::pair<Better, std::string_view>, 3> kDirections{
    {{Better::neither, "neither"}, {Better::higher, "higher"}, {Better::lower, "lower"}}};
constexpr const char* kUnknown = "–";

template <typename Value, std::size_t N>
std::optional<Value> value_named(const std::array<std::pair<Value, std::string_view>, N>& names,
                                 std::string_view name) {
  for (const auto& [value, known] : names)
    if (known == name) return value;
  return std::nullopt;
}

bool is_known(const Summary& value) {
  return std::isfinite(value.mean) && std::isfinite(value.deviation);
}

std::string with_minus(std::string text) {
  if (text.starts_with('-')) text.replace(0, 1, "−");
  return text;
}

// Three digits that count, as people write them: no powers of ten for what is neither huge nor tiny.
std::string three_digits(double number) {
  const double size = std::fabs(number);
  if (size >= 100) return grouped(std::round(number));
  return with_minus(fmt::format("{:.3g}", number));
}

// A deviation that says nothing is left out.
std::string with_deviation(const Summary& value, std::string (*text)(double)) {
  const std::string deviation = text(value.deviation);
  return value.count < 2 || deviation == "0" ? text(value.mean) : fmt::format("{} ± {}", text(value.mean), deviation);
}

// Mean and deviation to one place, which is the mean's third digit.
std::string seconds_text(const Summary& value) {
  const double size = std::fabs(value.mean);
  if (size >= 1000 || size < 1e-6) return with_deviation(value, three_digits) + " s";
  const int decimals = std::max(0, 2 - static_cast<int>(std::floor(std::log10(size))));
  return with_minus(outrider::to_text(value, decimals)) + " s";
}

}  // namespace

std::string_view name_of(Unit unit) {
  return kUnits.at(static_cast<std::size_t>(unit)).second;
}
std::string_view name_of(Better better) {
  return kDirections.at(static_cast<std::size_t>(better)).second;
}
std::optional<Unit> unit_named(std::string_view name) {
  return value_named(kUnits, name);
}
std::optional<Better> better_named(std::string_view name) {
  return value_named(kDirections, name);
}

Summary once(double value) {
  return {1, value, 0};
}

std::string to_text(Unit unit, const Summary& value) {
  if (!is_known(value)) return kUnknown;
  switch (unit) {
    case Unit::share:
      return with_minus(to_percent(value));
    case Unit::bytes:
      return with_deviation(value, [](double bytes) { return grouped(std::round(bytes)); });
    case Unit::seconds:
      return seconds_text(value);
    case Unit::number:
      return with_deviation(value, grouped);
  }
  return kUnknown;
}

std::string share_text(const std::optional<double>& share) {
  return share ? to_text(Unit::share, once(*share)) : kUnknown;
}

std::string difference_text(Unit unit, const Summary& first, const Summary& value) {
  if (!is_known(first) || !is_known(value)) return kUnknown;
  const double difference = value.mean - first.mean;
  if (difference == 0) return "0";
  if (unit == Unit::share) return with_minus(fmt::format("{:+.2f} pp", 100 * difference));
  if (first.mean == 0) return (difference > 0 ? "+" : "") + three_digits(difference);
  return with_minus(fmt::format("{:+.1f} %", 100 * difference / std::fabs(first.mean)));
}

bool within_deviations(const Summary& first, const Summary& value) {
  return first.count > 1 && value.count > 1 &&
         std::fabs(value.mean - first.mean) <= std::fabs(first.deviation) + std::fabs(value.deviation);
}

std::string with_separators(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string grouped(double number) {
  if (!std::isfinite(number)) return kUnknown;
  const double size = std::fabs(number);
  if (size >= 1e15) return with_minus(fmt::format("{:.3g}", number));
  if (size < 100 && number != std::round(number)) return with_minus(fmt::format("{:.3g}", number));
  return (number < 0 ? "−" : "") + with_separators(static_cast<std::uint64_t>(std::nearbyint(size)));
}

}  // namespace outrider::simulations
