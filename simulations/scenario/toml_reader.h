// Reads a TOML table strictly: every key must be known, of the right type and in its range.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "knowledge/error.h"

namespace outrider::simulations {

// Names the file and the line in every complaint. Call finish() last: it refuses keys that nobody asked for.
class TomlReader {
 public:
  TomlReader(const toml::table& table, std::string file, std::string name)
      : table_(table), file_(std::move(file)), name_(std::move(name)) {}

  bool has(const std::string& key) const { return table_.contains(key); }

  // Takes the key's value if it is there; the default stays otherwise.
  // Texts end up in reports, logs and paths: they have no control characters.
  void read(const std::string& key, std::string& value) {
    take<std::string>(key, "a text", value);
    check_text(key, value);
  }
  void read(const std::string& key, bool& value) { take<bool>(key, "true or false", value); }
  void read(const std::string& key, std::vector<std::string>& values);
  // Lists that hold something, and nothing twice.
  void read_integers(const std::string& key, std::vector<std::uint64_t>& values, std::int64_t least, std::int64_t most);
  void read_numbers(const std::string& key, std::vector<double>& values, double least, double most);

  template <typename Integer>
  void read_integer(const std::string& key, Integer& value, std::int64_t least, std::int64_t most) {
    auto wide = static_cast<std::int64_t>(value);
    const std::string expected = fmt::format("a whole number from {} to {}", least, most);
    take<std::int64_t>(key, expected, wide);
    if (wide < least || wide > most) complain(key, expected);
    value = static_cast<Integer>(wide);
  }

  template <typename Float>
  void read_number(const std::string& key, Float& value, double least, double most) {
    const std::string expected = fmt::format("a number from {} to {}", least, most);
    double wide = value;
    take<double>(key, expected, wide);
    if (!(wide >= least && wide <= most)) complain(key, expected);
    value = static_cast<Float>(wide);
  }

  // An enumerator by its name; names[i] is that of the enumerator i. read_choices: a list of different ones, not empty.
  template <typename Enum>
  void read_choice(const std::string& key, std::span<const std::string_view> names, Enum& value) {
    value = static_cast<Enum>(take_choice(key, names, static_cast<std::size_t>(value)));
  }
  template <typename Enum>
  void read_choices(const std::string& key, std::span<const std::string_view> names, std::vector<Enum>& values) {
    if (!has(key)) return know(key);
    values.clear();
    for (const std::size_t choice : take_choices(key, names)) values.push_back(static_cast<Enum>(choice));
  }

  void require(const std::string& key) const {
    if (!has(key)) throw InputError(place(table_) + fmt::format("{} needs the key '{}'", name_, key));
  }
  [[noreturn]] void complain(const std::string& key, const std::string& expected) const {
    throw InputError(place(*table_.get(key)) + fmt::format("{}.{} must be {}", name_, key, expected));
  }
  void check_text(const std::string& key, const std::string& text) const;
  // A key that is read elsewhere.
  void know(const std::string& key) { known_.insert(key); }
  void finish() const;

 private:
  template <typename Type, typename Value>
  void take(const std::string& key, const std::string& expected, Value& value) {
    known_.insert(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return;
    std::optional<Type> found;
    if constexpr (std::is_same_v<Type, double>) {
      found = node->value<double>();  // whole numbers too
    } else {
      found = node->value_exact<Type>();
    }
    if (!found) complain(key, expected);
    value = *found;
  }

  std::size_t take_choice(const std::string& key, std::span<const std::string_view> names, std::size_t choice);
  std::vector<std::size_t> take_choices(const std::string& key, std::span<const std::string_view> names);

  // Takes the list if it is there and every element, as `Type`, is accepted and unlike those before it.
  template <typename Type, typename Value, typename Accept>
  void take_list(const std::string& key, const std::string& expected, std::vector<Value>& values, Accept&& accept);

  std::string place(const toml::node& node) const { return fmt::format("{}:{}: ", file_, node.source().begin.line); }

  const toml::table& table_;
  std::string file_;
  std::string name_;
  std::set<std::string> known_;
};

}  // namespace outrider::simulations
