#include "simulations/pretrain_command.h"

#include <algorithm>
#include <cerrno>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "knowledge/checked_option.h"
#include "learners/data/fingerprint.h"
#include "learners/data/open.h"
#include "learners/data/split.h"
#include "learners/nn/threads.h"
#include "learners/prototypical/pretrained.h"
#include "simulations/experiment/shell_words.h"
#include "simulations/output_file.h"
#include "simulations/pretraining/kept_training.h"
#include "simulations/pretraining/measurement.h"
#include "simulations/pretraining/pretraining.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kPicturesBetweenLooks = 1024;  // whose embedding takes a moment

// Of the command line, in its words; flags that are not given have none.
TrainingSettings settings_of(const PretrainOptions& options) {
  const Pretraining& training = options.training;
  std::vector<std::string> classes;
  for (const std::string& name : training.classes) classes.push_back(quoted_for_shell(name));
  const auto number = [](auto value) { return fmt::format("{}", value); };
  const auto flag = [](bool given) { return std::string(given ? "given" : "not given"); };
  return {{"--classes", fmt::format("{}", fmt::join(classes, " "))},
          {"--architecture", quoted_for_shell(training.architecture)},
          {"--input", quoted_for_shell(options.input)},
          {"--invert", flag(training.invert)},
          {"--mean", number(training.mean)},
          {"--deviation", number(training.deviation)},
          {"--way", number(training.way)},
          {"--shots", number(training.shots)},
          {"--queries", number(training.queries)},
          {"--rotations", flag(training.rotations)},
          {"--episodes", number(training.episodes)},
          {"--learning-rate", number(training.learning_rate)},
          {"--halve-every", number(training.halve_every)},
          {"--threads", number(training.threads)},
          {"--seed", number(options.seed)}};
}

// The command that goes on: what it was told but for what holds without a word.
std::string command_of(const PretrainOptions& options) {
  std::string command = fmt::format("{} pretrain --kind {}", quoted_for_shell(::program_invocation_name),
                                    quoted_for_shell(options.data.kind));
  if (!options.data.path.empty()) command += " --path " + quoted_for_shell(options.data.path.string());
  const TrainingSettings given = settings_of(options), usual = settings_of({});
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i] == usual[i]) continue;
    command += " " + given[i].first;
    if (given[i].second != "given") command += " " + given[i].second;
  }
  if (options.keep_every != PretrainOptions{}.keep_every)
    command += fmt::format(" --keep-every {}", options.keep_every);
  command += " --output " + quoted_for_shell(options.output);
  return options.replace ? command + " --replace" : command;
}

// What comes out depends on all of it, bit for bit.
TrainingSettings everything_that_decides(const PretrainOptions& options, const std::string& pictures) {
  PretrainOptions granted = options;
  granted.training.threads = nn::resolve_threads(options.training.threads);
  TrainingSettings settings = settings_of(granted);
  settings.emplace_back("the pictures", pictures);
  settings.emplace_back("the version of outrider", OUTRIDER_VERSION);
  return settings;
}

// The pictures of the base classes, embedded and summed up.
std::vector<std::pair<std::string, ClassState>> base_classes(const Dataset& data, const Encoder& encoder,
                                                             const Pretraining& training, const KeptTraining& kept) {
  Embedder embedder(encoder, training.threads);
  std::vector<std::pair<std::string, ClassState>> classes;
  const auto examples = indices_by_class(data);
  std::vector<std::uint32_t> labels = labels_of(data, training.classes);
  std::ranges::sort(labels);
  for (const std::uint32_t label : labels) {
    if (examples[label].empty()) continue;
    ClassStateBuilder builder(embedder.dimension());
    for (std::size_t begin = 0; begin < examples[label].size(); begin += kPicturesBetweenLooks) {
      kept.check();
      const auto first = examples[label].begin() + static_cast<std::ptrdiff_t>(begin);
      const std::size_t count = std::min(kPicturesBetweenLooks, examples[label].size() - begin);
      builder.add(embed(data, {first, first + static_cast<std::ptrdiff_t>(count)}, embedder));
    }
    classes.emplace_back(data.classes[label], builder.state());
  }
  return classes;
}

int train_and_save(const PretrainOptions& options, Interruption& interruption) {
  Pretraining training = options.training;
  training.input = parse_image_shape(options.input);
  const DatasetPair pair = open_dataset(options.data.kind, options.data.path);
  const Dataset& data = pair.train;
  check_pretraining(training, data);
  if (const auto shortage = nn::thread_shortage(training.threads)) std::cerr << "outrider: " << *shortage << '\n';
  ProgressDisplay display(std::cerr, is_terminal(STDERR_FILENO));
  interruption.defer();
  KeptTraining kept({.output = options.output,
                     .settings = everything_that_decides(options, sha256_of(data)),
                     .command = command_of(options),
                     .episodes = training.episodes,
                     .every = std::chrono::seconds(options.keep_every),
                     .restart = options.restart},
                    display, interruption);
  const Encoder encoder = pretrain(training, data, options.seed, display, {}, &kept);
  const Pretrained pretrained{encoder.encode(), base_classes(data, encoder, training, kept)};
  save_pretrained(pretrained, options.output);
  kept.remove();
  fmt::print("{}: encoder {} ({}, d = {}) and {} base classes\n", options.output, encoder.id().brief(), encoder.name,
             encoder.dimension(), pretrained.classes.size());
  return 0;
}

}  // namespace

void add_options(CLI::App& app, PretrainOptions& options) {
  Pretraining& training = options.training;
  app.add_option("--kind", options.data.kind, fmt::format("The data set: {}", fmt::join(dataset_kinds(), ", ")))
      ->required();
  app.add_option("--path", options.data.path, "Where it lies; fashion-mnist: default is Debian's package");
  app.add_option("--classes", training.classes, "Base classes by name (default: all)");
  app.add_option("--architecture", training.architecture, "The network")->capture_default_str();
  app.add_option("--input", options.input, "Pictures are resized to CHANNELSxHEIGHTxWIDTH")->capture_default_str();
  app.add_flag("--invert", training.invert, "Dark becomes light");
  app.add_option("--mean", training.mean, "Of pixel values in [0, 1]; subtracted")
      ->check(decimal_number(0, 1))
      ->capture_default_str();
  app.add_option("--deviation", training.deviation, "Of pixel values in [0, 1]; divided by")
      ->check(decimal_number(1e-6, 1))
      ->capture_default_str();
  app.add_option("--way", training.way, "Classes in an episode")->check(whole_number(2, 65'536))->capture_default_str();
  app.add_option("--shots", training.shots, "Support pictures of each")
      ->check(whole_number(1, 65'536))
      ->capture_default_str();
  app.add_option("--queries", training.queries, "Query pictures of each")
      ->check(whole_number(1, 65'536))
      ->capture_default_str();
  app.add_flag("--rotations", training.rotations, "Turned classes are further classes");
  app.add_option("--episodes", training.episodes, "How many")
      ->check(whole_number(0, 1'000'000'000))
      ->capture_default_str();
  app.add_option("--learning-rate", training.learning_rate, "Of Adam")
      ->check(decimal_number(1e-9, 100))
      ->capture_default_str();
  app.add_option("--halve-every", training.halve_every, "Episodes until it is halved")
      ->check(whole_number(1, 1'000'000'000))
      ->capture_default_str();
  app.add_option("--threads", training.threads, "Part of the result")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Same seed, same encoder")->check(whole_number(0))->capture_default_str();
  app.add_option("--output", options.output,
                 "The file to write; while it trains, OUTPUT.partial holds how far it has come, and the same command "
                 "goes on from there")
      ->required();
  add_replace_option(app, options.replace);
  app.add_flag("--restart", options.restart, "Begin anew although there is an OUTPUT.partial");
  app.add_option("--keep-every", options.keep_every,
                 "Seconds after which OUTPUT.partial is written again; 0: after every episode")
      ->check(whole_number(0, 86'400))
      ->capture_default_str();
}

int run_pretrain(const PretrainOptions& options) {
  require_output(options.output, options.replace);  // found out now rather than after training
  Interruption interruption;
  try {
    return train_and_save(options, interruption);
  } catch (const Interrupted& interrupted) {
    std::cerr << "outrider: " << interrupted.what() << '\n';
    return interrupted.exit_code();
  }
}

}  // namespace outrider::simulations
