// The command line: verbs that parse their arguments and call the libraries.
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

#include "aggregator/daemon_command.h"
#include "aggregator/operator_command.h"
#include "client/daemon_command.h"
#include "client/predict_command.h"
#include "client/status_query.h"
#include "knowledge/error.h"
#include "knowledge/json_text.h"
#include "knowledge/utf8.h"
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
Run library_verb(CLI::App& added, int (*run)(const Options&)) {
  auto options = std::make_shared<Options>();
  add_options(added, *options);
  return [run, options] { return run(*options); };
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
                       {"contributions_accepted", client.accepted},
                       {"contributions_refused", client.refused},
                       {"last_seen", client.last_seen == 0 ? nlohmann::json() : nlohmann::json(client.last_seen)},
                       {"seconds_since_seen", client.seconds_since_seen},
                       {"version", client.version},
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
                       {"examples", topic.examples == 0 ? nlohmann::json() : nlohmann::json(topic.examples)},
                       {"changed_in_revision", number(topic.changed)}});
  nlohmann::json facts = nlohmann::json::object();
  for (const Fact& fact : status.facts) facts[fact.name] = fact.value;
  return {{"aggregator", status.aggregator.hex()},
          {"revision", number(status.revision)},
          {"encoder", status.encoder.empty() ? nlohmann::json() : nlohmann::json(status.encoder.hex())},
          {"clients", std::move(clients)},
          {"classes", std::move(classes)},
          {"usable_classes", status.usable_topics},
          {"facts", std::move(facts)}};
}

void print(const protocol::Status& status) {
  const bool tasks = !status.topics.empty() && status.topics.front().topic.kind == kSupermaskKind;
  fmt::print("revision {}   {} {}   {} {}   {} clients\n\n", number(status.revision),
             tasks ? "base network" : "encoder", status.encoder.empty() ? "none" : status.encoder.brief(),
             status.topics.size(), tasks ? "tasks" : "classes", status.clients.size());
  simulations::Table clients({"client", "id", "connected", "taught", "undelivered", "replica", "memory", "compute"});
  for (const auto& client : status.clients)
    clients.row({utf8::printable(client.name), client.client.brief(), client.connected ? "yes" : "no",
                 std::to_string(number(client.highest_decided)), std::to_string(client.outbox),
                 std::to_string(number(client.replica)), memory_text(client.capacity.memory),
                 operations_text(client.capacity.operations)});
  if (!status.clients.empty()) std::cout << clients << '\n';
  simulations::Table classes({tasks ? "task" : "class", "contributors", "since revision"});
  for (const auto& topic : status.topics)
    classes.row({utf8::printable(topic.topic.subject, 1024) +
                     (topic.topic.space == status.encoder ? "" : " (of an earlier one)"),
                 std::to_string(topic.contributors), std::to_string(number(topic.changed))});
  if (!status.topics.empty()) std::cout << classes;
}

Run add_aggregator(CLI::App& app) {
  return library_verb(*verb(app, "aggregator", "Serve: merge what clients contribute and hand it back",
                            "outrider aggregator --state /var/lib/outrider --listen 'tcp://*:7700' --pretrained "
                            "fashion.outrider"),
                      aggregator::run_aggregator);
}

// What an operator asks an aggregator about its clients. Where one of these is chosen, what a client itself must be
// told is not asked for.
void add_operator_verbs(CLI::App& client, std::map<std::string, Run>& runs) {
  const auto add = [&](const std::string& name, const std::string& description, const std::string& example, auto run) {
    CLI::App* added = verb(client, name, description, example);
    added->preparse_callback([&client](std::size_t) {
      for (CLI::Option* option : client.get_options()) option->required(false);
    });
    runs.emplace(name, library_verb(*added, run));
  };
  add("list", "At an aggregator: list its clients", "outrider client list --state aggregator-state",
      aggregator::run_list);
  add("show", "At an aggregator: tell what a client has taught", "outrider client show 3fa9 --state aggregator-state",
      aggregator::run_show);
  add("remove", "At an aggregator: take a client off its list, and what it taught back",
      "outrider client remove 3fa9 --forget --state aggregator-state", aggregator::run_remove);
}

Run add_client(CLI::App& app) {
  CLI::App* added =
      verb(app, "client", "Learn from the pictures in a folder, contribute, and keep up with what others have taught",
           "outrider client --aggregator tcp://127.0.0.1:7700 --data pictures --state state");
  auto operator_verbs = std::make_shared<std::map<std::string, Run>>();
  const Run learn = library_verb(*added, client::run_client);
  add_operator_verbs(*added, *operator_verbs);
  return [added, learn, operator_verbs] {
    const auto chosen = added->get_subcommands();
    return chosen.empty() ? learn() : operator_verbs->at(chosen.front()->get_name())();
  };
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
      std::cout << json_text(to_json(status), 2) << '\n';
    } else {
      print(status);
    }
    return 0;
  };
}

Run add_predict(CLI::App& app) {
  return library_verb(*verb(app, "predict", "Tell which class pictures show, from a client's state",
                            "outrider predict --state state picture.png"),
                      client::run_predict);
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
            "Run a scenario: a mission of real processes, a study of task sequences, a federation under "
            "virtual time, or rounds of training",
            "outrider simulate scenarios/fashion-recon.toml"),
      simulations::simulate);
}

Run add_scenario(CLI::App& app) {
  CLI::App* added =
      verb(app, "scenario", "Write scenario files", "outrider scenario new my-federation --kind federation");
  added->require_subcommand(1);
  CLI::App* fresh = verb(*added, "new", "Write a scenario to start from, with every key and what it means",
                         "outrider scenario new my-federation --kind federation");
  return library_verb(*fresh, simulations::run_new_scenario);
}

Run add_compare(CLI::App& app) {
  return library_verb(*verb(app, "compare", "Lay the reports of runs side by side",
                            "outrider compare runs/fashion-recon runs/fashion-recon-2 --html comparison.html"),
                      simulations::run_compare);
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
  } catch (const std::exception& error) {
    std::cerr << "outrider: an unexpected error: " << error.what() << '\n';
  }
  return kFailure;
}
