// The verb `outrider predict`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/client_family.h"

namespace CLI {
class App;
}

namespace outrider::client {

struct PredictOptions {
  std::vector<std::string> images;
  std::string state;
  std::shared_ptr<ClientFamilies> families;  // which have options of their own
  std::size_t top = 0;                       // classes that are named; 0: the likeliest and the runner-up
  bool json = false;
};
void add_options(CLI::App& app, PredictOptions& options);
// Returns the exit code: 1 when a picture could not be used, which is complained about; the others are answered. Throws
// InputError when the state cannot be used.
int run_predict(const PredictOptions& options);

}  // namespace outrider::client
