#include "simulations/toml_reader.h"

#include <fmt/ranges.h>

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
    values.push_back(*text);
  }
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
