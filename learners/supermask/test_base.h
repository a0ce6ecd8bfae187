// For tests: a small base network for the pictures of data/test_tasks.h.
#pragma once

#include <string>

#include "learners/data/test_tasks.h"
#include "learners/supermask/base_network.h"

namespace outrider {

inline BaseNetwork test_base(const std::string& network = "input 1x6x6; linear 40 nobias; relu; linear 3 nobias") {
  BaseNetwork base;
  base.preprocessing = {kTestPicture, false, 0.4F, 0.3F};
  base.network = nn::parse_network(network);
  base.density = 0.3;
  base.seed = 7;
  return base;
}

}  // namespace outrider
