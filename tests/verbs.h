// All verbs of the program, for what must hold at each.
#pragma once

#include <string>
#include <vector>

namespace outrider::testing {

inline const std::vector<std::vector<std::string>>& every_verb() {
  static const std::vector<std::vector<std::string>> verbs{
      {"aggregator"}, {"client"},   {"client", "list"}, {"client", "show"},  {"client", "remove"},
      {"status"},     {"predict"},  {"evaluate"},       {"pretrain"},        {"base"},
      {"model"},      {"simulate"}, {"scenario"},       {"scenario", "new"}, {"compare"},
      {"forget"},     {"verify"},   {"help"},           {"version"}};
  return verbs;
}

}  // namespace outrider::testing
