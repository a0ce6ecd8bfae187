#include "simulations/scenario/toml_reader.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "knowledge/utf8.h"

namespace outrider::simulations {

void TomlReader::read(const std::string& key, std::vector<std::string>& values) {
  known_.insert(key);
  const toml::node* node = table_.get(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) complain(key, "a list of texts");
  values.clear();
  for (const toml::node& element : *array) {
    const auto text = element.value_exact<std::string>();
    if (!text) complain(key, "a list of texts");
    check_text(key, *text);
    values.push_back(*text);
  }
}

void TomlReader::check_text(const std::string& key, const std::string& text) const {
  constexpr std::size_t kMostTextBytes = 4096;
  if (has(key) && utf8::objection(text, kMostTextBytes))
    complain(key, fmt::format("a text of at most {} bytes without control characters", kMostTextBytes));
}

template <typename Type, typename Value, typename Accept>
void TomlReader::take_list(const std::string& key, const std::string& expected, std::vector<Value>& values,
                           Accept&& accept) {
  known_.insert(key);
  const toml::node* node = table_.get(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr || array->empty()) complain(key, expected);
  values.clear();
  for (const toml::node& element : *array) {
    const std::optional<Type> value = element.value<Type>();
    if (!value || !accept(*value)) complain(key, expected);
    if (std::ranges::find(values, static_cast<Value>(*value)) != values.end()) complain(key, expected);
    values.push_back(static_cast<Value>(*value));
  }
}

void TomlReader::read_integers(const std::string& key, std::vector<std::uint64_t>& values, std::int64_t least,
                               std::int64_t most) {
  take_list<std::int64_t>(key, fmt::format("a list of different whole numbers from {} to {}", least, most), values,
                          [&](std::int64_t value) { return value >= least && value <= most; });
}

void TomlReader::read_numbers(const std::string& key, std::vector<double>& values, double least, double most) {
  take_list<double>(key, fmt::format("a list of different numbers from {} to {}", least, most), values,
                    [&](double value) { return value >= least && value <= most; });
}

std::size_t TomlReader::take_choice(const std::string& key, std::span<const std::string_view> names,
                                    std::size_t choice) {
  const std::string expected = fmt::format("one of {}", fmt::join(names, ", "));
  std::string name(names[choice]);
  take<std::string>(key, expected, name);
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) complain(key, expected);
  return static_cast<std::size_t>(found - names.begin());
}

std::vector<std::size_t> TomlReader::take_choices(const std::string& key, std::span<const std::string_view> names) {
  const std::string expected = fmt::format("a list of different ones among {}", fmt::join(names, ", "));
  std::vector<std::string> chosen;
  take_list<std::string>(key, expected, chosen,
                         [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); });
  std::vector<std::size_t> choices;
  for (const std::string& name : chosen)
    choices.push_back(static_cast<std::size_t>(std::ranges::find(names, name) - names.begin()));
  return choices;
}

void TomlReader::finish() const {
  for (const auto& [key, node] : table_) {
    const std::string found(key.str());
    if (!known_.contains(found))
      throw InputError(place(node) +
                       fmt::format("{} has no key '{}'; known: {}", name_, found, fmt::join(known_, ", ")));
  }
}

}  // namespace outrider::simulations
