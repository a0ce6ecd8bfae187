// Of the libraries that messages travel by.
#pragma once

#include <vector>

#include "knowledge/fact.h"

namespace outrider::protocol {

std::vector<Fact> versions();

}  // namespace outrider::protocol
