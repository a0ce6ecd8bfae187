#include "simulations/base_command.h"

#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/checked_option.h"
#include "learners/encoders/architectures.h"
#include "learners/prototypical/pretrained.h"
#include "simulations/output_file.h"
#include "simulations/scenario/data_source.h"

namespace outrider::simulations {
namespace {

const std::map<std::string, BaseWeights> kBaseWeights{{"signed-constant", BaseWeights::signed_constant},
                                                      {"he-normal", BaseWeights::he_normal}};

}  // namespace

void add_options(CLI::App& app, BaseOptions& options) {
  app.add_option("--architecture", options.architecture,
                 fmt::format("The network: {}", fmt::join(architecture_names(), ", ")))
      ->capture_default_str();
  app.add_option("--input", options.input, "Pictures are resized to CHANNELSxHEIGHTxWIDTH")->capture_default_str();
  app.add_option("--classes", options.classes, "The most classes that a task can have")
      ->check(whole_number(2, 65'536))
      ->capture_default_str();
  app.add_flag("--invert", options.invert, "Dark becomes light");
  app.add_option("--mean", options.mean, "Of pixel values in [0, 1]; subtracted")
      ->check(decimal_number(0, 1))
      ->capture_default_str();
  app.add_option("--deviation", options.deviation, "Of pixel values in [0, 1]; divided by")
      ->check(decimal_number(1e-6, 1))
      ->capture_default_str();
  app.add_option("--density", options.density, "The share of each layer's weights that a task uses")
      ->check(decimal_number(1e-6, 1))
      ->capture_default_str();
  app.add_option("--weights", options.weights, "signed-constant, for mask search, or he-normal, for lottery tickets")
      ->transform(one_of(kBaseWeights));
  app.add_option("--seed", options.seed, "Of the weights, which every node builds for itself")
      ->check(whole_number(0))
      ->capture_default_str();
  app.add_option("--output", options.output, "The file to write")->required();
  add_replace_option(app, options.replace);
}

int run_base(const BaseOptions& options) {
  require_output(options.output, options.replace);
  const ImageShape input = parse_image_shape(options.input);
  const BaseNetwork base{{input, options.invert, options.mean, options.deviation},
                         base_architecture(options.architecture, input, options.classes),
                         options.density,
                         options.seed,
                         options.weights};
  save_pretrained({base.encode(), {}}, options.output);
  fmt::print("{}: base network {} ({}, {} weights, of which a task uses {:.3g} %)\n", options.output, base.id().brief(),
             options.architecture, base.network.parameter_count(), 100 * options.density);
  return 0;
}

}  // namespace outrider::simulations
