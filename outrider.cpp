// The command line: verbs that parse their arguments and call the libraries.
#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "aggregator/daemon.h"
#include "client/daemon.h"
#include "client/predict_command.h"
#include "client/status_query.h"
#include "knowledge/error.h"
#include "learners/supermask/merge.h"
#include "simulations/base_command.h"
#include "simulations/compare_command.h"
#include "simulations/model_command.h"
#include "simulations/pretraining.h"
#include "simulations/scenario_command.h"
#include "simulations/simulate.h"
#include "simulations/table.h"

namespace {

using namespace outrider;
namespace fs = std::filesystem;

constexpr int kFailure = 1;
constexpr int kUsage = 2;

const std::map<std::string, Precision> kPrecisions{
    {"float32", Precision::float32}, {"float16", Precision::float16}, {"int8", Precision::int8}};

const std::map<std::string, client::MaskFinder> kFinders{{"edge-popup", client::MaskFinder::edge_popup},
                                                         {"lottery", client::MaskFinder::lottery}};

// Each verb adds itself with its options and, when it was chosen, runs.
using Run = std::function<int()>;

CLI::App* verb(CLI::App& app, const std::string& name, const std::string& description, const std::string& example) {
  CLI::App* added = app.add_subcommand(name, description);
  added->footer("Example:\n  " + example);
  return added;
}

void write_address(const fs::path& file, const std::string& address) {
  const fs::path temporary = file.string() + ".tmp";
  std::ofstream(temporary) << address << '\n';
  std::error_code error;
  fs::rename(temporary, file, error);
  if (error) throw InputError("the address cannot be written to " + file.string() + ": " + error.message());
}

Run add_aggregator(CLI::App& app) {
  struct Options {
    aggregator::DaemonOptions daemon;
    std::string pretrained;
    std::uint32_t round_seconds = 60;
    std::string address_file;
  };
  auto options = std::make_shared<Options>();
  CLI::App* added = verb(app, "aggregator", "Serve: merge what clients contribute and hand it back",
                         "outrider aggregator --state /var/lib/outrider --listen 'tcp://*:7700' --pretrained "
                         "fashion.outrider");
  added->add_option("--state", options->daemon.state, "Directory of the durable state; created if it does not exist")
      ->required();
  added
      ->add_option("--listen", options->daemon.listen,
                   "Where to listen. A loopback address is plain; any other is encrypted, and clients need the "
                   "address with the key that is printed at the start")
      ->capture_default_str();
  added->add_option("--pretrained", options->pretrained,
                    "The encoder that clients learn with, as written by `outrider pretrain`, the base network, as "
                    "written by `outrider base`, or the model, as written by `outrider model`; needed once, it is kept "
                    "in the state");
  added->add_option("--cohort", options->daemon.rounds.cohort, "Clients that are asked in a round of training a model")
      ->capture_default_str();
  added
      ->add_option("--minimum", options->daemon.rounds.minimum,
                   "Updates that a round needs; it begins with as many clients")
      ->capture_default_str();
  added
      ->add_option("--round-seconds", options->round_seconds,
                   "After which a round makes do with the minimum, or asks others")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  added->add_option("--heartbeat", options->daemon.pace.heartbeat_seconds, "Seconds between signs of life of a client")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  added->add_option("--address-file", options->address_file, "Write the address for clients to this file, when ready");
  return [options] {
    if (!options->pretrained.empty()) options->daemon.pretrained = options->pretrained;
    options->daemon.rounds.duration = std::chrono::seconds(options->round_seconds);
    options->daemon.on_ready = [file = options->address_file](const std::string& address) {
      spdlog::info("clients connect with: outrider client --aggregator '{}' --data DIR --state DIR", address);
      if (!file.empty()) write_address(file, address);
    };
    aggregator::run_daemon(options->daemon);
    return 0;
  };
}

std::uint64_t read_memory(const std::string& text) {
  return parse_memory("the memory", text);
}

std::uint64_t read_compute(const std::string& text) {
  return parse_operations("the compute", text);
}

CLI::Validator quantity(std::uint64_t (*read)(const std::string&)) {
  return {[read](const std::string& text) { return objection_of([&] { read(text); }).value_or(""); }, "", ""};
}

Run add_client(CLI::App& app) {
  struct Options : client::DaemonOptions {
    std::string memory;
    std::string compute;
  };
  auto options = std::make_shared<Options>();
  CLI::App* added =
      verb(app, "client", "Learn from the pictures in a folder, contribute, and keep up with what others have taught",
           "outrider client --aggregator tcp://127.0.0.1:7700 --data pictures --state state");
  added->add_option("--aggregator", options->aggregator, "Its address, as it printed it: tcp://HOST:PORT[#KEY]")
      ->required();
  added
      ->add_option("--data", options->learner.data,
                   "Pictures (PNG, JPEG), one folder per class; for tasks, one folder per task with those in it. "
                   "Watched for new ones")
      ->required();
  added->add_option("--state", options->state, "Directory of the durable state; created if it does not exist")
      ->required();
  added->add_option("--name", options->name, "How people know this client (default: the host's name)");
  added
      ->add_option(
          "--threads", options->learner.threads,
          "To learn with: more are quicker on a device that does nothing else, and slower on a busy one; 0: one per "
          "processor")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  added
      ->add_option("--precision", options->learner.form.precision,
                   "How prototypes and updates of a model travel: float32, float16 or int8 (4, 2 or 1 bytes a number)")
      ->transform(CLI::CheckedTransformer(kPrecisions, CLI::ignore_case).description(""));
  added
      ->add_option("--memory", options->memory,
                   "What this device can spare to train a model, beside the program and its pictures: 64MB, 512MiB; "
                   "where it is little, the client is given a narrow part of the model (default: unlimited)")
      ->check(quantity(read_memory));
  added
      ->add_option("--compute", options->compute,
                   "Likewise, floating-point operations a second: 500M, 2G; training is to be done within a round "
                   "(default: unlimited)")
      ->check(quantity(read_compute));
  added->add_flag("--deviations", options->learner.form.deviations,
                  "Also contribute each class's spread, for `predict --head mahalanobis`; doubles the size");
  added->add_option("--mask-epochs", options->learner.tasks.mask_epochs, "Tasks: epochs of the search for the mask")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  added
      ->add_option("--weight-epochs", options->learner.tasks.weight_epochs,
                   "Tasks: epochs of training the weights that no earlier task uses; 0: masks alone are sent")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  added
      ->add_option("--least-steps", options->learner.tasks.least_steps,
                   "Tasks: steps of either, at least, however few the pictures are")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  added
      ->add_option(
          "--finder", options->learner.finder,
          "Tasks: edge-popup searches the mask by scores; lottery finds it by pruning, or takes the mask of the "
          "ticket that is known of the task")
      ->transform(CLI::CheckedTransformer(kFinders, CLI::ignore_case).description(""));
  added->add_flag("--grow", options->learner.grow,
                  "Networks that grow: also train the crossings of the grown network, if --memory holds that");
  return [options] {
    if (!options->memory.empty()) options->capacity.memory = read_memory(options->memory);
    if (!options->compute.empty()) options->capacity.operations = read_compute(options->compute);
    client::run_daemon(*options);
    return 0;
  };
}

nlohmann::json stated(std::uint64_t number) {
  return number == Capacity::kUnlimited ? nlohmann::json() : nlohmann::json(number);
}

nlohmann::json to_json(const protocol::Status& status) {
  nlohmann::json clients = nlohmann::json::array();
  for (const auto& client : status.clients)
    clients.push_back({{"id", client.client.hex()},
                       {"name", client.name},
                       {"contributions_decided", number(client.highest_decided)},
                       {"undelivered", client.outbox},
                       {"replica_revision", number(client.replica)},
                       {"connected", client.connected},
                       {"memory_bytes", stated(client.capacity.memory)},
                       {"operations_per_second", stated(client.capacity.operations)}});
  nlohmann::json classes = nlohmann::json::array();
  for (const auto& topic : status.topics)
    classes.push_back({{"kind", topic.topic.kind},
                       {"space", topic.topic.space.hex()},
                       {"class", topic.topic.subject},
                       {"contributors", topic.contributors},
                       {"changed_in_revision", number(topic.changed)}});
  return {{"aggregator", status.aggregator.hex()},
          {"revision", number(status.revision)},
          {"encoder", status.encoder.empty() ? nlohmann::json() : nlohmann::json(status.encoder.hex())},
          {"clients", std::move(clients)},
          {"classes", std::move(classes)}};
}

void print(const protocol::Status& status) {
  const bool tasks = !status.topics.empty() && status.topics.front().topic.kind == kSupermaskKind;
  fmt::print("revision {}   {} {}   {} {}   {} clients\n\n", number(status.revision),
             tasks ? "base network" : "encoder", status.encoder.empty() ? "none" : status.encoder.brief(),
             status.topics.size(), tasks ? "tasks" : "classes", status.clients.size());
  simulations::Table clients({"client", "id", "connected", "taught", "undelivered", "replica", "memory", "compute"});
  for (const auto& client : status.clients)
    clients.row({client.name, client.client.brief(), client.connected ? "yes" : "no",
                 std::to_string(number(client.highest_decided)), std::to_string(client.outbox),
                 std::to_string(number(client.replica)), memory_text(client.capacity.memory),
                 operations_text(client.capacity.operations)});
  if (!status.clients.empty()) std::cout << clients << '\n';
  simulations::Table classes({tasks ? "task" : "class", "contributors", "since revision"});
  for (const auto& topic : status.topics)
    classes.row({topic.topic.subject + (topic.topic.space == status.encoder ? "" : " (of an earlier one)"),
                 std::to_string(topic.contributors), std::to_string(number(topic.changed))});
  if (!status.topics.empty()) std::cout << classes;
}

Run add_status(CLI::App& app) {
  struct Options {
    std::string aggregator = "tcp://127.0.0.1:7700";
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* added = verb(app, "status", "Show an aggregator's clients, classes and revision",
                         "outrider status --aggregator tcp://127.0.0.1:7700");
  added->add_option("--aggregator", options->aggregator, "Its address")->capture_default_str();
  added->add_flag("--json", options->json, "For programs");
  return [options] {
    const protocol::Status status = client::query_status(options->aggregator, std::chrono::seconds(5));
    if (options->json) {
      std::cout << to_json(status).dump(2) << '\n';
    } else {
      print(status);
    }
    return 0;
  };
}

Run add_predict(CLI::App& app) {
  auto options = std::make_shared<client::PredictOptions>();
  CLI::App* added = verb(app, "predict", "Tell which class pictures show, from a client's state",
                         "outrider predict --state state picture.png");
  client::add_options(*added, *options);
  return [options] { return client::run_predict(*options); };
}

Run add_pretrain(CLI::App& app) {
  auto options = std::make_shared<simulations::PretrainOptions>();
  CLI::App* added = verb(app, "pretrain", "Train an encoder on base classes, for an aggregator to start from",
                         "outrider pretrain --kind fashion-mnist --classes trouser --classes bag --classes coat "
                         "--output fashion.outrider");
  simulations::add_options(*added, *options);
  return [options] { return simulations::run_pretrain(*options); };
}

Run add_base(CLI::App& app) {
  auto options = std::make_shared<simulations::BaseOptions>();
  CLI::App* added = verb(app, "base", "Define the network that tasks are masks over, for an aggregator to start from",
                         "outrider base --architecture lenet-300-100 --classes 2 --density 0.1 --output base.outrider");
  simulations::add_options(*added, *options);
  return [options] { return simulations::run_base(*options); };
}

Run add_model(CLI::App& app) {
  auto options = std::make_shared<simulations::ModelOptions>();
  CLI::App* added =
      verb(app, "model", "Define the model that clients train, in rounds or to grow, for an aggregator to start from",
           "outrider model --architecture lenet5 --classes cat dog --strategy fedavg --output "
           "model.outrider");
  simulations::add_options(*added, *options);
  return [options] { return simulations::run_model(*options); };
}

Run add_simulate(CLI::App& app) {
  auto options = std::make_shared<simulations::SimulateOptions>();
  CLI::App* added = verb(app, "simulate",
                         "Run a scenario: a mission of real processes, a study of task sequences, a federation under "
                         "virtual time, or rounds of training",
                         "outrider simulate scenarios/fashion-recon.toml");
  added->add_option("scenario", options->scenario, "The scenario's TOML file")->required();
  added->add_option("--output", options->output, "Directory for the report (default: runs/NAME)");
  added->add_option("--data", options->data, "Where the data set lies (default: as the scenario says)");
  added->add_option("--seed", options->seed, "Instead of the scenario's, or of all that it has");
  added->add_option("--seeds", options->seeds, "Many, as FIRST..LAST: for studies, and to look for broken promises");
  added->add_option("--episodes", options->episodes, "Episodes of pre-training, instead of the scenario's");
  added->add_flag("--processes", options->processes,
                  "Run a federation as real daemons too, and hold what they know against the virtual world");
  added->add_flag(
      "--namespaces", options->namespaces,
      "As --processes, with a network namespace for each (as root, with iproute2), and the scenario's rates, "
      "losses and delays where the kernel can emulate them");
  added->add_flag("--check", options->check, "Only say whether the scenario and its data set are in order");
  added->add_flag("--resume", options->resume,
                  "Go on with the run in the report's directory, which ctrl-C, kill or a power failure has ended; it "
                  "is as it began, so the other options can be left out");
  return [options] { return simulations::simulate(*options); };
}

Run add_scenario(CLI::App& app) {
  auto options = std::make_shared<simulations::NewScenarioOptions>();
  CLI::App* added =
      verb(app, "scenario", "Write scenario files", "outrider scenario new my-federation --kind federation");
  added->require_subcommand(1);
  CLI::App* fresh = verb(*added, "new", "Write a scenario to start from, with every key and what it means",
                         "outrider scenario new my-federation --kind federation");
  simulations::add_options(*fresh, *options);
  return [options] { return simulations::run_new_scenario(*options); };
}

Run add_compare(CLI::App& app) {
  auto options = std::make_shared<simulations::CompareOptions>();
  CLI::App* added = verb(app, "compare", "Lay the reports of runs side by side",
                         "outrider compare runs/fashion-recon runs/fashion-recon-2 --html comparison.html");
  simulations::add_options(*added, *options);
  return [options] { return simulations::run_compare(*options); };
}

// What is wrong with the command line, as one sentence.
std::string usage_mistake(const CLI::App& app, const CLI::ParseError& error) {
  const bool verb_missing = app.get_subcommands().empty() && error.get_name() == "RequiredError";
  if (!verb_missing) return error.what();
  std::vector<std::string> verbs;
  for (const CLI::App* known : app.get_subcommands({})) verbs.push_back(known->get_name());
  const std::vector<std::string> words = app.remaining();
  return fmt::format("{}; expected one of {}",
                     words.empty() ? "a verb is missing" : "'" + words.front() + "' is no verb",
                     fmt::join(verbs, ", "));
}

int run(int argc, char** argv) {
  CLI::App app("Outrider: federated and continual learning for edge devices that keep meeting new classes");
  app.set_version_flag("--version", OUTRIDER_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  std::string level = "info";
  app.add_option("--log", level, "How much is logged: debug, info, warn, error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}).description(""))
      ->capture_default_str();
  std::map<std::string, Run> verbs{{"aggregator", add_aggregator(app)}, {"client", add_client(app)},
                                   {"status", add_status(app)},         {"predict", add_predict(app)},
                                   {"pretrain", add_pretrain(app)},     {"base", add_base(app)},
                                   {"model", add_model(app)},           {"simulate", add_simulate(app)},
                                   {"scenario", add_scenario(app)},     {"compare", add_compare(app)}};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::cerr << "outrider: " << usage_mistake(app, error) << "; run with --help for more information\n";
    return kUsage;
  }
  spdlog::set_default_logger(spdlog::stderr_color_mt("outrider"));
  spdlog::set_pattern("%H:%M:%S.%e %^%l%$ %v");
  spdlog::set_level(spdlog::level::from_str(level));
  return verbs.at(app.get_subcommands().front()->get_name())();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const InputError& error) {
    std::cerr << "outrider: " << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "outrider: an unexpected error: " << error.what() << '\n';
  }
  return kFailure;
}
