// One number that a run has found, with what people and programs need to make sense of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "learners/evaluation/summary.h"

namespace outrider::simulations {

enum class Unit : std::uint8_t {
  share,  // of 1; shown in percent
  bytes,
  seconds,
  number,  // anything else
};

enum class Better : std::uint8_t { neither, higher, lower };

// Runs are compared by (name, of).
struct Figure {
  std::string name;  // what was measured: "accuracy"
  std::string of;    // what it was measured of: "exssnet at 0.05"; may be empty
  Unit unit = Unit::number;
  Better better = Better::neither;
  Summary value{};  // not finite: not known
};

// As report.json names them; nothing for a name that is none.
std::string_view name_of(Unit unit);
std::string_view name_of(Better better);
std::optional<Unit> unit_named(std::string_view name);
std::optional<Better> better_named(std::string_view name);

// A figure that was measured once.
Summary once(double value);

// "98.80 ± 0.12 %", "12,345", "0.0123 s"; "–" where it is not known. Bytes are shown as plain numbers.
std::string to_text(Unit unit, const Summary& value);
// As to_text of a share measured once.
std::string share_text(const std::optional<double>& share);
// What `value` is more than `first`: "+1.25 pp" (percentage points) for shares, "+12.5 %" of `first` for the others,
// and their plain difference where `first` is 0. "–" where either is not known.
std::string difference_text(Unit unit, const Summary& first, const Summary& value);
// Whether both were measured more than once and differ by no more than their deviations together.
bool within_deviations(const Summary& first, const Summary& value);

// "1,234,567".
std::string with_separators(std::uint64_t number);
// "12,345,678", or "1.35" below a hundred where it is no whole number; the minus is "−".
std::string grouped(double number);

}  // namespace outrider::simulations
