// The verb `outrider predict`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "learners/prototypical/classifier.h"

namespace CLI {
class App;
}

namespace outrider::client {

struct PredictOptions {
  std::vector<std::string> images;
  std::string state;
  Head head = Head::euclidean;
  std::string task;         // empty: the only one
  bool infer_task = false;  // of each picture
  bool json = false;
};
void add_options(CLI::App& app, PredictOptions& options);
// Returns the exit code; throws InputError when the state or a picture cannot be used.
int run_predict(const PredictOptions& options);

}  // namespace outrider::client
