// Of the libraries that the program stands on, as they are where it runs. Every folder tells of those that it alone
// uses.
#pragma once

#include <vector>

#include "knowledge/fact.h"

namespace outrider {

std::vector<Fact> versions_of_knowledge();

}  // namespace outrider
