// Of the library that stores are made of.
#pragma once

#include <vector>

#include "knowledge/fact.h"

namespace outrider {

std::vector<Fact> versions_of_storage();

}  // namespace outrider
