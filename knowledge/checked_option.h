// What an option of the command line may be: each validator's sentence names what was given and what was expected. Only
// .cpp files of verbs include this.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/nearest.h"
#include "knowledge/utf8.h"

namespace outrider {

namespace detail {

template <typename Number>
bool is_all(const std::string& text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace detail

// Decimal digits and nothing else, within the range. Checked on the text, since a conversion would let -1 wrap around.
inline CLI::Validator whole_number(std::uint64_t least, std::uint64_t most = UINT64_MAX) {
  return {[=](const std::string& text) {
            std::uint64_t value = 0;
            const bool octal = text.size() > 1 && text.front() == '0';  // as the conversion would take it
            if (!octal && detail::is_all(text, value) && value >= least && value <= most) return std::string();
            return fmt::format("{} is no whole number from {} to {}", utf8::quoted(text), least, most);
          },
          "", ""};
}

// A finite decimal number within the range.
inline CLI::Validator decimal_number(double least, double most) {
  return {[=](const std::string& text) {
            double value = 0;
            if (detail::is_all(text, value) && std::isfinite(value) && value >= least && value <= most)
              return std::string();
            return fmt::format("{} is no number from {} to {}", utf8::quoted(text), least, most);
          },
          "", ""};
}

// One of the names, in any case; the option gets its value.
template <typename Value>
CLI::Validator one_of(const std::map<std::string, Value>& values) {
  return {[values](std::string& text) {
            const std::string name = CLI::detail::to_lower(text);
            if (const auto found = values.find(name); found != values.end()) {
              text = std::to_string(static_cast<std::int64_t>(found->second));
              return std::string();
            }
            std::vector<std::string> names;
            for (const auto& [known, value] : values) names.push_back(known);
            return fmt::format("{} is none of {}{}", utf8::quoted(text), fmt::join(names, ", "),
                               did_you_mean(name, names));
          },
          "", ""};
}

}  // namespace outrider
