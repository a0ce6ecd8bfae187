#include "simulations/model_command.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/checked_option.h"
#include "learners/encoders/architectures.h"
#include "learners/prototypical/pretrained.h"
#include "learners/surgery/narrow.h"
#include "simulations/output_file.h"
#include "simulations/scenario/data_source.h"

namespace outrider::simulations {
namespace {

void add_growing_options(CLI::App& app, ModelOptions& options) {
  CLI::Option* growing = app.add_flag(
      "--growing", options.growing,
      "Clients train small networks by themselves (--epochs, --rate), which become one large network whose "
      "crossings those train who can");
  growing->excludes("--strategy");
  app.add_option("--width", options.width, "Growing: the small network has this share of the architecture's channels")
      ->check(decimal_number(1e-3, 1))
      ->needs(growing)
      ->capture_default_str();
  app.add_option("--parts", options.parts, "Growing: clients whose networks become one")
      ->check(whole_number(1, 65'536))
      ->needs(growing)
      ->capture_default_str();
  app.add_option("--templates", options.templates, "Growing: that the weights of a layer are mixed from")
      ->check(whole_number(0, 65'536))
      ->needs(growing)
      ->capture_default_str();
  app.add_option("--sharing", options.sharing,
                 "Growing: at most so many layers of like shape share templates; 0: all of them")
      ->check(whole_number(0, 65'536))
      ->needs(growing)
      ->capture_default_str();
  app.add_option("--crossings", options.crossings,
                 "Growing: what new mixtures begin as: orthogonal, copy, zero or random")
      ->needs(growing)
      ->capture_default_str();
  app.add_option("--factor", options.factor, "Growing: on what new mixtures begin as")
      ->check(decimal_number(-1000, 1000))
      ->needs(growing)
      ->capture_default_str();
  app.add_option("--crossing-epochs", options.crossing.epochs, "Growing: that crossings are trained")
      ->check(whole_number(0, 1'000'000))
      ->needs(growing)
      ->capture_default_str();
  app.add_option("--crossing-rate", options.crossing.rate, "Growing: learning rate of crossings")
      ->check(decimal_number(1e-9, 1000))
      ->needs(growing)
      ->capture_default_str();
}

int define_growing(const ModelOptions& options, const Preprocessing& preprocessing, const nn::NetworkSpec& network) {
  growing::GrowingTask task;
  task.preprocessing = preprocessing;
  task.small = {surgery::narrow_network(network, options.width), options.templates, options.sharing, 1};
  task.classes = options.classes;
  task.parts = options.parts;
  task.alone = options.work;
  task.seed = options.seed;
  task.crossings = {growing::parse_rule(options.crossings), options.factor, options.seed};
  task.crossing = options.crossing;
  task.crossing.batch = options.work.batch;
  save_pretrained({task.encode(), {}}, options.output);
  fmt::print("{}: growing model {} ({}, {} weights in each of {} parts, {} when grown, {} classes)\n", options.output,
             task.id().brief(), options.architecture, task.small.part.parameter_count(), task.parts,
             growing::layout_of(task.grown_form()).network.parameter_count(), task.classes.size());
  return 0;
}

}  // namespace

void add_options(CLI::App& app, ModelOptions& options) {
  app.add_option("--architecture", options.architecture,
                 fmt::format("The network: {}", fmt::join(architecture_names(), ", ")))
      ->capture_default_str();
  app.add_option("--input", options.input, "Pictures are resized to CHANNELSxHEIGHTxWIDTH")->capture_default_str();
  app.add_option("--classes", options.classes, "What it tells apart: the names of the folders with pictures")
      ->required();
  app.add_flag("--invert", options.invert, "Dark becomes light");
  app.add_option("--mean", options.mean, "Of pixel values in [0, 1]; subtracted")
      ->check(decimal_number(0, 1))
      ->capture_default_str();
  app.add_option("--deviation", options.deviation, "Of pixel values in [0, 1]; divided by")
      ->check(decimal_number(1e-6, 1))
      ->capture_default_str();
  app.add_option(
         "--strategy", options.strategy,
         "How clients' updates become one model, for example \"fedadam rate 0.01; fedprox 0.1; clip 5\": a rule "
         "(fedavg, fedavgm, fedadagrad, fedadam, fedyogi; the server's rate is 1, of the last three 0.01), and any of "
         "median, trimmed SHARE, krum F, multikrum F "
         "M, clip NORM, fedprox MU, scaffold, fedbn, fedbuff K, late sqrt limit R")
      ->capture_default_str();
  app.add_option("--batch", options.work.batch, "Pictures at a time")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--epochs", options.work.epochs, "That a client trains in a round")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--steps", options.work.steps, "Batches that a client trains in a round, instead of epochs")
      ->check(whole_number(0, 1'000'000'000));
  app.add_option("--rate", options.work.rate, "Learning rate of clients, plain SGD")
      ->check(decimal_number(1e-9, 1000))
      ->capture_default_str();
  app.add_flag(
      "--nested", options.work.nested,
      "For devices of unlike capacity: clients go on with a narrower part of the model, if others train one, so "
      "that it learns what they know");
  app.add_flag(
      "--masked", options.work.masked,
      "Classes that a client has no pictures of are left out of its loss, so that it leaves their scores alone");
  add_growing_options(app, options);
  app.add_option("--seed", options.seed, "Of the first weights, of who is asked, and of what clients draw")
      ->check(whole_number(0))
      ->capture_default_str();
  app.add_option("--output", options.output, "The file to write")->required();
  add_replace_option(app, options.replace);
}

int run_model(const ModelOptions& options) {
  require_output(options.output, options.replace);
  const ImageShape input = parse_image_shape(options.input);
  const Preprocessing preprocessing{input, options.invert, options.mean, options.deviation};
  nn::NetworkSpec network =
      architecture(options.architecture, input, {.classes = static_cast<std::int64_t>(options.classes.size())});
  if (options.growing) return define_growing(options, preprocessing, network);
  const averaging::LearningTask task{preprocessing,   std::move(network),
                                     options.classes, averaging::parse_strategy(options.strategy),
                                     options.work,    options.seed};
  save_pretrained({task.encode(), {}}, options.output);
  fmt::print("{}: model {} ({}, {} weights, {} classes, {})\n", options.output, task.id().brief(), options.architecture,
             task.network.parameter_count(), task.classes.size(), task.strategy.text());
  return 0;
}

}  // namespace outrider::simulations
