// The verb `outrider evaluate`: how well a state tells labelled pictures apart, and which of a client's own pictures
// look mislabelled.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "client/client_family.h"

namespace CLI {
class App;
}

namespace outrider::simulations {

struct EvaluateOptions {
  std::filesystem::path pictures;  // a folder with one folder for each class
  std::string state;
  std::shared_ptr<client::ClientFamilies> families;  // which have options of their own
  bool own = false;            // the pictures are those that the state has learned from: each is judged without itself
  std::filesystem::path page;  // empty: none
  bool replace = false;        // the page, if it is there already
  bool json = false;
};
void add_options(CLI::App& app, EvaluateOptions& options);
// Returns the exit code: 1 when a picture or a class's folder could not be read, which is complained about. Throws
// InputError when the state or the folder cannot be used.
int run_evaluate(const EvaluateOptions& options);

}  // namespace outrider::simulations
