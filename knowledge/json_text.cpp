#include "knowledge/json_text.h"

#include "knowledge/utf8.h"

namespace outrider {
namespace {

// As it is, but for the bytes that are no UTF-8.
std::string readable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto character = utf8::first(text);
    const std::size_t bytes = character ? character->bytes : 1;
    shown += character ? std::string(text.substr(0, bytes)) : utf8::printable(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return shown;
}

nlohmann::json readable(const nlohmann::json& value) {
  if (value.is_string()) return readable(std::string_view(value.get_ref<const std::string&>()));
  if (value.is_object()) {
    nlohmann::json shown = nlohmann::json::object();
    for (const auto& [key, member] : value.items()) shown[readable(std::string_view(key))] = readable(member);
    return shown;
  }
  if (!value.is_array()) return value;
  nlohmann::json shown = nlohmann::json::array();
  for (const nlohmann::json& element : value) shown.push_back(readable(element));
  return shown;
}

}  // namespace

std::string json_text(const nlohmann::json& value, int indent) {
  try {
    return value.dump(indent);
  } catch (const nlohmann::json::type_error&) {  // 316: a string is not UTF-8, which is rare
    return readable(value).dump(indent);
  }
}

}  // namespace outrider
