// How pages look.
#pragma once

#include <string>

namespace outrider::simulations {

// All rules of a page, those of its charts and heat maps included.
std::string page_style();

}  // namespace outrider::simulations
