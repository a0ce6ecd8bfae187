// Options of the command line that take quantities with units. Only .cpp files of verbs include this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "knowledge/error.h"

namespace outrider {

// Adds an option whose text `parse` turns into the value (parse_memory() or parse_operations() of capacity.h); what it
// throws is the mistake in the command line. `what` is how that sentence calls the quantity.
inline CLI::Option* add_quantity(CLI::App& app, const std::string& name, std::uint64_t& value,
                                 const std::string& description, const std::string& what,
                                 std::uint64_t (*parse)(const std::string& what, std::string_view text)) {
  const auto to_number = [what, parse](std::string& text) {
    return objection_of([&] { text = std::to_string(parse(what, text)); }).value_or("");
  };
  return app.add_option(name, value, description)->type_name("TEXT")->transform(CLI::Validator(to_number, "", ""));
}

}  // namespace outrider
