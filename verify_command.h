// The verb `outrider verify`: whether a state, an aggregator's or a client's, is whole.
#pragma once

#include <filesystem>
#include <memory>

#include "aggregator/daemon/server_family.h"

namespace CLI {
class App;
}

namespace outrider {

struct VerifyOptions {
  std::filesystem::path state;
  std::shared_ptr<aggregator::ServerFamilies> families;
  bool json = false;
};
void add_options(CLI::App& app, VerifyOptions& options);
// Returns the exit code: 1 where something is damaged, which is told. Throws InputError where there is no state, or it
// cannot be opened.
int run_verify(const VerifyOptions& options);

}  // namespace outrider
