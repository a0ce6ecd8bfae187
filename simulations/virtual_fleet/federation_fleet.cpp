#include "simulations/virtual_fleet/federation_fleet.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "client/core/core.h"
#include "knowledge/error.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"
#include "learners/prototypical/pretrained.h"
#include "learners/random.h"
#include "simulations/experiment/stopwatch.h"
#include "simulations/fleet/fleet.h"
#include "simulations/fleet/network_namespaces.h"
#include "simulations/virtual_fleet/federation_world.h"
#include "simulations/world/client_node.h"
#include "simulations/world/prototype_lessons.h"
#include "storage/store.h"

namespace outrider::simulations {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::chrono::seconds kProcessPatience = 300s;

// Of every client, as far as this machine can emulate them.
std::vector<LinkQuality> links_of(const Federation& federation, std::uint64_t seed, ProgressDisplay& display) {
  constexpr std::uint32_t kLongestDelay = 500;  // ms
  const NetworkSupport support = available_network();
  if (support.namespaces) throw InputError("--namespaces cannot be had: " + *support.namespaces);
  if (support.emulation) display.say("the network's faults are left out: " + *support.emulation);
  const NetworkPlan& network = federation.network;
  LinkQuality link;
  if (!support.emulation) {
    const std::chrono::milliseconds longest(std::min(network.longest_delay_ms, kLongestDelay));
    const std::chrono::milliseconds shortest(std::min(network.shortest_delay_ms, kLongestDelay));
    link.loss = network.loss;
    link.duplication = network.duplication;
    link.delay = (shortest + longest) / 2;
    link.jitter = (longest - shortest) / 2;
  }
  std::vector<LinkQuality> links;
  for (const std::uint8_t profile : profiles_of(federation, seed)) {
    links.push_back(link);
    links.back().kilobits_per_second = federation.profiles[profile].kilobits_per_second;
  }
  return links;
}

class FederationFleet {
 public:
  FederationFleet(const Federation& federation, const EmbeddedData& data, const Assignment& assignment,
                  std::uint64_t seed, const fs::path& directory, std::optional<std::vector<LinkQuality>> links,
                  const std::function<void()>& poll)
      : federation_(federation),
        data_(data),
        assignment_(assignment),
        seed_(seed),
        poll_(poll),
        pictures_(select_pictures(federation, seed).train),
        fleet_(options_of(federation, data, directory, std::move(links))),
        coming_(federation.plan.clients) {
    for (const auto& [name, state] : data.base) classes_.insert(name);
  }

  ProcessRun run(ProgressDisplay& display) {
    const Stopwatch stopwatch;
    Phase phase(display, "real processes", assignment_.steps());
    rendezvous();
    for (std::size_t step = 0; step < assignment_.steps(); ++step) {
      show(step);
      kill_some(step);
      await_learning();
      rendezvous();
      phase.note(fmt::format("{} classes", classes_.size()));
      phase.advance();
    }
    fleet_.stop();
    compare_replicas();
    result_.clients = fleet_.clients();
    result_.seconds = stopwatch.seconds();
    return result_;
  }

 private:
  void look() const {
    if (poll_) poll_();
  }

  void rendezvous() {
    fleet_.rendezvous(classes_.size(), kProcessPatience, [this](const protocol::Status&) { look(); });
  }

  static std::vector<std::string> arguments_of(const AdmissionRules& admission) {
    std::vector<std::string> arguments{"--most-pictures", std::to_string(admission.most_pictures), "--most-classes",
                                       std::to_string(admission.most_classes)};
    if (admission.open_base) arguments.push_back("--open-base");
    if (admission.trust_alone) arguments.push_back("--trust-alone");
    return arguments;
  }

  static FleetOptions options_of(const Federation& federation, const EmbeddedData& data, const fs::path& directory,
                                 std::optional<std::vector<LinkQuality>> links) {
    fs::remove_all(directory);
    fs::create_directories(directory);
    const fs::path pretrained = directory / "pretrained.outrider";
    save_pretrained({data.encoder, data.base}, pretrained);
    const fs::path self = fs::read_symlink("/proc/self/exe");
    return {
        self, directory, pretrained, federation.plan.clients, 1, std::move(links), arguments_of(federation.admission)};
  }

  void show(std::size_t step) {
    for (std::size_t client = 0; client < fleet_.clients(); ++client) {
      const std::span<const std::uint32_t> come = assignment_.pictures(client, step);
      fleet_.show_pictures(client, pictures_, std::vector<std::size_t>(come.begin(), come.end()));
      for (const std::uint32_t picture : come) {
        const std::uint32_t label = pictures_.labels[picture];
        coming_[client].emplace(label, data_.train.examples[picture]);
        classes_.insert(pictures_.classes[label]);
      }
    }
  }

  // Whether something that happens so often has happened in a step's hours.
  bool happens(double per_hour, const char* what, std::size_t whom, std::size_t step) const {
    const double chance = 1 - std::exp(-per_hour * federation_.plan.hours_between);
    return static_cast<double>(Random(seed_, what, whom, step).uniform()) < chance;
  }

  void kill_some(std::size_t step) {
    for (std::size_t client = 0; client < fleet_.clients(); ++client) {
      if (!happens(federation_.crashes.clients_per_hour, "kill a client", client, step)) continue;
      fleet_.kill_client(client);
      fleet_.start_client(client);
      ++result_.clients_killed;
    }
    if (!happens(federation_.crashes.aggregator_per_hour, "kill the aggregator", 0, step)) return;
    fleet_.kill_aggregator();
    fleet_.start_aggregator();
    ++result_.aggregator_killed;
  }

  void await_learning() {
    const Stopwatch waited;
    for (std::size_t client = 0; client < fleet_.clients(); ++client)
      while (learned_by(client) < coming_[client].size()) {
        look();
        fleet_.require_alive();
        if (waited.seconds() > static_cast<double>(kProcessPatience.count()))
          throw InputError(fmt::format("{} has not learned its {} pictures within {} seconds",
                                       fleet_.client_name(client), coming_[client].size(), kProcessPatience.count()));
        std::this_thread::sleep_for(50ms);
      }
  }

  std::size_t learned_by(std::size_t client) const {
    const auto store = open_store_read_only(fleet_.client_state(client));
    std::size_t pictures = 0;
    client::for_each_lesson(*store, std::string(kPrototypeKind), data_.space,
                            [&](const Topic&, ByteView memory) { pictures += ClassMemory::decode(memory).count(); });
    return pictures;
  }

  void compare_replicas() {
    Digest first;
    for (std::size_t client = 0; client < fleet_.clients(); ++client) {
      const auto store = open_store_read_only(fleet_.client_state(client));
      const Digest known = replica_digest(*store);
      if (client > 0 && known != first)
        throw Violation(fmt::format("{} and {} have caught up, but do not know the same", fleet_.client_name(0),
                                    fleet_.client_name(client)));
      first = known;
      result_.knowledge = knowledge_without_teachers(*store);
    }
  }

  const Federation& federation_;
  const EmbeddedData& data_;
  const Assignment& assignment_;
  std::uint64_t seed_;
  const std::function<void()>& poll_;
  Dataset pictures_;
  Fleet fleet_;
  std::vector<std::set<std::pair<std::uint32_t, Digest>>> coming_;  // by client: label and content, each learned once
  std::set<std::string> classes_;                                   // that somebody knows
  ProcessRun result_;
};

}  // namespace

void require_processes(const Federation& federation) {
  const auto refuse = [](const std::string& why) {
    throw InputError("this federation cannot run as real processes: " + why);
  };
  if (federation.data.kind == kGaussians) refuse("its data are gaussians, and daemons learn from pictures");
  if (federation.plan.clients > kMostProcesses)
    refuse(fmt::format("it has {} clients; at most {} are started", federation.plan.clients, kMostProcesses));
  if (federation.plan.withdrawals > 0)
    refuse("its clients take classes back, and no daemon does (federation.withdrawals)");
  for (const ClientProfile& profile : federation.profiles) {
    if (profile.dishonest || profile.lies)
      refuse("the clients of its profile '" + profile.name + "' lie, and no daemon does");
    if (profile.hostile) refuse("the clients of its profile '" + profile.name + "' are hostile, and no daemon is");
  }
}

ProcessRun run_as_processes(const Federation& federation, const EmbeddedData& data, const Assignment& assignment,
                            std::uint64_t seed, const fs::path& directory, FleetNetwork network,
                            ProgressDisplay& display, const std::function<void()>& poll) {
  std::optional<std::vector<LinkQuality>> links;
  if (network == FleetNetwork::namespaces) links = links_of(federation, seed, display);
  return FederationFleet(federation, data, assignment, seed, directory, std::move(links), poll).run(display);
}

}  // namespace outrider::simulations
