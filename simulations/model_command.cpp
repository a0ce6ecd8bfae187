#include "simulations/model_command.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "learners/encoders/architectures.h"
#include "learners/prototypical/pretrained.h"
#include "simulations/scenario.h"

namespace outrider::simulations {

void add_options(CLI::App& app, ModelOptions& options) {
  app.add_option("--architecture", options.architecture,
                 fmt::format("The network: {}", fmt::join(architecture_names(), ", ")))
      ->capture_default_str();
  app.add_option("--input", options.input, "Pictures are resized to CHANNELSxHEIGHTxWIDTH")->capture_default_str();
  app.add_option("--classes", options.classes, "What it tells apart: the names of the folders with pictures")
      ->required();
  app.add_flag("--invert", options.invert, "Dark becomes light");
  app.add_option("--mean", options.mean, "Of pixel values in [0, 1]; subtracted")->capture_default_str();
  app.add_option("--deviation", options.deviation, "Of pixel values in [0, 1]; divided by")->capture_default_str();
  app.add_option(
         "--strategy", options.strategy,
         "How clients' updates become one model, for example \"fedadam rate 0.01; fedprox 0.1; clip 5\": a rule "
         "(fedavg, fedavgm, fedadagrad, fedadam, fedyogi), and any of median, trimmed SHARE, krum F, multikrum F "
         "M, clip NORM, fedprox MU, scaffold, fedbn, fedbuff K, late sqrt limit R")
      ->capture_default_str();
  app.add_option("--batch", options.work.batch, "Pictures at a time")->capture_default_str();
  app.add_option("--epochs", options.work.epochs, "That a client trains in a round")->capture_default_str();
  app.add_option("--steps", options.work.steps, "Batches that a client trains in a round, instead of epochs");
  app.add_option("--rate", options.work.rate, "Learning rate of clients, plain SGD")->capture_default_str();
  app.add_flag(
      "--nested", options.work.nested,
      "For devices of unlike capacity: clients go on with a narrower part of the model, if others train one, so "
      "that it learns what they know");
  app.add_flag(
      "--masked", options.work.masked,
      "Classes that a client has no pictures of are left out of its loss, so that it leaves their scores alone");
  app.add_option("--seed", options.seed, "Of the first weights, of who is asked, and of what clients draw")
      ->capture_default_str();
  app.add_option("--output", options.output, "The file to write")->required();
}

int run_model(const ModelOptions& options) {
  const ImageShape input = parse_image_shape(options.input);
  const averaging::LearningTask task{
      {input, options.invert, options.mean, options.deviation},
      architecture(options.architecture, input, {.classes = static_cast<std::int64_t>(options.classes.size())}),
      options.classes,
      averaging::parse_strategy(options.strategy),
      options.work,
      options.seed};
  save_pretrained({task.encode(), {}}, options.output);
  fmt::print("{}: model {} ({}, {} weights, {} classes, {})\n", options.output, task.id().brief(), options.architecture,
             task.network.parameter_count(), task.classes.size(), task.strategy.text());
  return 0;
}

}  // namespace outrider::simulations
