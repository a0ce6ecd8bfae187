// The command line: verbs that parse their arguments and call the libraries.
#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "aggregator/daemon/daemon_command.h"
#include "aggregator/daemon/forget_command.h"
#include "aggregator/daemon/operator_command.h"
#include "aggregator/families/families.h"
#include "client/daemon/daemon_command.h"
#include "client/daemon/status_query.h"
#include "client/families/families.h"
#include "client/predict_command.h"
#include "command_line.h"
#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "knowledge/json_text.h"
#include "knowledge/nearest.h"
#include "knowledge/utf8.h"
#include "knowledge/versions.h"
#include "learners/nn/versions.h"
#include "learners/supermask/merge.h"
#include "protocol/versions.h"
#include "simulations/base_command.h"
#include "simulations/compare_command.h"
#include "simulations/evaluate_command.h"
#include "simulations/model_command.h"
#include "simulations/pretrain_command.h"
#include "simulations/scenario_command.h"
#include "simulations/simulate.h"
#include "status_text.h"
#include "storage/format.h"
#include "storage/versions.h"
#include "verify_command.h"

namespace {

using namespace outrider;

constexpr int kFailure = 1;
constexpr int kUsage = 2;

// Each verb adds itself with its options and, when it was chosen, runs.
using Run = std::function<int()>;

CLI::App* verb(CLI::App& app, const std::string& name, const std::string& description, const std::string& example) {
  CLI::App* added = app.add_subcommand(name, description);
  added->footer("Example:\n  " + example);
  return added;
}

// A verb whose options its library defines with add_options(), and which runs there.
template <typename Options>
Run library_verb(CLI::App& added, int (*run)(const Options&),
                 const std::shared_ptr<Options>& options = std::make_shared<Options>()) {
  add_options(added, *options);
  return [run, options] { return run(*options); };
}

// Options of families' own.
template <typename Options, typename Families>
std::shared_ptr<Options> options_of(const std::shared_ptr<Families>& families) {
  auto options = std::make_shared<Options>();
  options->families = families;
  return options;
}

std::uint64_t seconds_now() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

Run add_aggregator(CLI::App& app) {
  auto options = std::make_shared<aggregator::DaemonCommand>();
  options->daemon.families = aggregator::known_families();
  return library_verb(*verb(app, "aggregator", "Serve: merge what clients contribute and hand it back",
                            "outrider aggregator --state /var/lib/outrider --listen 'tcp://*:7700' --pretrained "
                            "fashion.outrider"),
                      aggregator::run_aggregator, options);
}

// What an operator asks an aggregator about its clients. Where one of these is chosen, what a client itself must be
// told is not asked for.
void add_operator_verbs(CLI::App& client, std::map<std::string, Run>& runs) {
  const auto add = [&](const std::string& name, const std::string& description, const std::string& example, auto run,
                       auto options) {
    CLI::App* added = verb(client, name, description, example);
    added->preparse_callback([&client](std::size_t) {
      for (CLI::Option* option : client.get_options()) option->required(false);
    });
    runs.emplace(name, library_verb(*added, run, options));
  };
  const auto families = aggregator::known_families();
  add("list", "At an aggregator: list its clients", "outrider client list --state aggregator-state",
      aggregator::run_list, options_of<aggregator::ListCommand>(families));
  add("show", "At an aggregator: tell what a client has taught", "outrider client show 3fa9 --state aggregator-state",
      aggregator::run_show, options_of<aggregator::ShowCommand>(families));
  add("remove", "At an aggregator: take a client off its list, and what it taught back",
      "outrider client remove 3fa9 --forget --state aggregator-state", aggregator::run_remove,
      options_of<aggregator::RemoveCommand>(families));
}

Run add_client(CLI::App& app) {
  CLI::App* added =
      verb(app, "client", "Learn from the pictures in a folder, contribute, and keep up with what others have taught",
           "outrider client --aggregator tcp://127.0.0.1:7700 --data pictures --state state");
  auto operator_verbs = std::make_shared<std::map<std::string, Run>>();
  const Run learn =
      library_verb(*added, client::run_client, options_of<client::DaemonOptions>(client::known_families()));
  add_operator_verbs(*added, *operator_verbs);
  return [added, learn, operator_verbs] {
    const auto chosen = added->get_subcommands();
    return chosen.empty() ? learn() : operator_verbs->at(chosen.front()->get_name())();
  };
}

Run add_forget(CLI::App& app) {
  return library_verb(
      *verb(app, "forget", "At an aggregator: take back what a client taught, or what is known of a class",
            "outrider forget --class 'bag' --state aggregator-state"),
      aggregator::run_forget, options_of<aggregator::ForgetCommand>(aggregator::known_families()));
}

Run add_verify(CLI::App& app) {
  return library_verb(*verb(app, "verify", "Tell whether the state of an aggregator or a client is whole",
                            "outrider verify aggregator-state"),
                      run_verify, options_of<VerifyOptions>(aggregator::known_families()));
}

Run add_status(CLI::App& app) {
  struct Options {
    std::string aggregator = "tcp://127.0.0.1:7700";
    bool json = false;
    bool all = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* added = verb(app, "status", "Show an aggregator's clients, classes and revision",
                         "outrider status --aggregator tcp://127.0.0.1:7700");
  added->add_option("--aggregator", options->aggregator, "Its address")->capture_default_str();
  added->add_flag("--all", options->all, "Also the clients that have not been heard of for a week");
  added->add_flag("--json", options->json, "For programs");
  return [options] {
    const protocol::Status status = client::query_status(options->aggregator, std::chrono::seconds(5));
    if (options->json) {
      std::cout << json_text(as_json(status), 2) << '\n';
    } else {
      std::cout << status_text(status, seconds_now(), options->all);
    }
    return 0;
  };
}

Run add_predict(CLI::App& app) {
  return library_verb(*verb(app, "predict", "Tell which class pictures show, from a client's state",
                            "outrider predict --state state picture.png"),
                      client::run_predict, options_of<client::PredictOptions>(client::known_families()));
}

Run add_pretrain(CLI::App& app) {
  return library_verb(*verb(app, "pretrain", "Train an encoder on base classes, for an aggregator to start from",
                            "outrider pretrain --kind fashion-mnist --classes trouser --classes bag --classes coat "
                            "--output fashion.outrider"),
                      simulations::run_pretrain);
}

Run add_base(CLI::App& app) {
  return library_verb(
      *verb(app, "base", "Define the network that tasks are masks over, for an aggregator to start from",
            "outrider base --architecture lenet-300-100 --classes 2 --density 0.1 --output base.outrider"),
      simulations::run_base);
}

Run add_model(CLI::App& app) {
  return library_verb(
      *verb(app, "model", "Define the model that clients train, in rounds or to grow, for an aggregator to start from",
            "outrider model --architecture lenet5 --classes cat dog --strategy fedavg --output "
            "model.outrider"),
      simulations::run_model);
}

Run add_simulate(CLI::App& app) {
  return library_verb(
      *verb(app, "simulate",
            "Run a scenario: class-incremental with real processes, task-incremental, a virtual fleet, or "
            "federated rounds",
            "outrider simulate scenarios/fashion-recon.toml"),
      simulations::simulate);
}

Run add_scenario(CLI::App& app) {
  CLI::App* added =
      verb(app, "scenario", "Write scenario files", "outrider scenario new my-fleet --kind virtual-fleet");
  added->require_subcommand(1);
  CLI::App* fresh = verb(*added, "new", "Write a scenario to start from, with every key and what it means",
                         "outrider scenario new my-fleet --kind virtual-fleet");
  return library_verb(*fresh, simulations::run_new_scenario);
}

Run add_compare(CLI::App& app) {
  return library_verb(*verb(app, "compare", "Lay the reports of runs side by side",
                            "outrider compare runs/fashion-recon runs/fashion-recon-2 --html comparison.html"),
                      simulations::run_compare);
}

Run add_evaluate(CLI::App& app) {
  return library_verb(
      *verb(app, "evaluate", "Tell how well a client's state knows labelled pictures",
            "outrider evaluate pictures --state state\n  outrider evaluate pictures --state state --own"),
      simulations::run_evaluate, options_of<simulations::EvaluateOptions>(client::known_families()));
}

Run add_help(CLI::App& app) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* added = verb(app, "help", "Show what a verb does and takes", "outrider help client");
  added->add_option("verb", *words, "Which one (default: all of them, in short)");
  return [&app, words] {
    std::cout << help_of(verb_named(app, *words));
    return 0;
  };
}

std::string versions_text() {
  std::string text = fmt::format("outrider {}\nmessages {} to {}\nstates {}\n", OUTRIDER_VERSION,
                                 protocol::kOldestSupportedVersion, protocol::kVersion, kFormatVersion);
  for (const auto& facts : {nn::versions(), protocol::versions(), versions_of_knowledge(), versions_of_storage()})
    for (const Fact& fact : facts) text += fmt::format("{} {}\n", fact.name, fact.value);
  return text;
}

Run add_version(CLI::App& app) {
  verb(app, "version", "Show the versions of the program, of messages, of states and of the libraries it stands on",
       "outrider version");
  return [] {
    std::cout << versions_text();
    return 0;
  };
}

// Can stand before the verb and after it.
void add_log_option(CLI::App& app, std::string& level) {
  app.add_option("--log", level, "How much is logged: debug, info, warn, error")
      ->check(CLI::Validator(
          [](const std::string& text) {
            static const std::vector<std::string> levels{"debug", "info", "warn", "error"};
            if (std::ranges::find(levels, text) != levels.end()) return std::string();
            return fmt::format("{} is none of {}{}", utf8::quoted(text), fmt::join(levels, ", "),
                               did_you_mean(text, levels));
          },
          "", ""))
      ->capture_default_str();
  for (CLI::App* below : app.get_subcommands({})) add_log_option(*below, level);
}

int run(int argc, char** argv) {
  CLI::App app("Outrider: federated and continual learning for edge devices that keep meeting new classes");
  app.set_version_flag("--version", OUTRIDER_VERSION);
  app.require_subcommand(1);
  app.formatter(help_formatter());
  std::string level = "info";
  std::map<std::string, Run> verbs{
      {"aggregator", add_aggregator(app)}, {"client", add_client(app)},     {"status", add_status(app)},
      {"forget", add_forget(app)},         {"verify", add_verify(app)},     {"predict", add_predict(app)},
      {"pretrain", add_pretrain(app)},     {"base", add_base(app)},         {"model", add_model(app)},
      {"simulate", add_simulate(app)},     {"scenario", add_scenario(app)}, {"compare", add_compare(app)},
      {"evaluate", add_evaluate(app)},     {"help", add_help(app)},         {"version", add_version(app)}};
  add_log_option(app, level);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      app.exit(error);
      flush_results();
      return 0;
    }
    std::cerr << "outrider: " << usage_mistake(app, error) << "; run with --help for more information\n";
    return kUsage;
  }
  spdlog::set_default_logger(spdlog::stderr_color_mt("outrider"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  spdlog::set_level(spdlog::level::from_str(level));
  const int code = verbs.at(app.get_subcommands().front()->get_name())();
  flush_results();
  return code;
}

// Whoever started us may have closed them. A file of ours that takes such a number would get what is meant for people.
void open_standard_descriptors() {
  int descriptor = 0;
  do descriptor = ::open("/dev/null", O_RDWR);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) ::close(descriptor);
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  try {
    return run(argc, argv);
  } catch (const InputError& error) {
    std::cerr << "outrider: " << error.what() << '\n';
  } catch (const BrokenInvariant& error) {
    std::cerr << "outrider: " << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "outrider: an unexpected error: " << error.what() << '\n';
  }
  return kFailure;
}
