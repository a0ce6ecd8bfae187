// Of the library that computes, and what of the processor it uses: results are the same bits where these are the same.
#pragma once

#include <vector>

#include "knowledge/fact.h"

namespace outrider::nn {

std::vector<Fact> versions();

}  // namespace outrider::nn
