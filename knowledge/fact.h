// What a part of the program has to say of itself, for people: "round" is "7 of 40".
#pragma once

#include <string>

namespace outrider {

struct Fact {
  std::string name;
  std::string value;

  bool operator==(const Fact&) const = default;
};

}  // namespace outrider
