// Words as a shell reads them, for commands that are shown to people.
#pragma once

#include <string>

namespace outrider::simulations {

// The word as it is where a shell leaves it alone, else in quotes.
std::string quoted_for_shell(const std::string& word);

}  // namespace outrider::simulations
