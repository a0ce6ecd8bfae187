#include "simulations/experiment/completion.h"

#include <ostream>

#include <fmt/format.h>

namespace outrider::simulations {

std::string Completion::notice() const {
  if (whole()) return "";
  return fmt::format("This report is partial: {}; missing: {}{}.", done, missing.front(),
                     missing.size() == 1 ? "" : fmt::format(" and {} more", missing.size() - 1));
}

void print_notice(const Completion& completion, std::ostream& stream) {
  if (!completion.whole()) stream << completion.notice() << '\n';
}

}  // namespace outrider::simulations
