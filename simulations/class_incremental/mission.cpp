#include "simulations/class_incremental/mission.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/data/split.h"
#include "learners/random.h"
#include "simulations/pretraining/pretraining.h"

namespace outrider::simulations {
namespace {

using Indices = std::vector<std::size_t>;

void require_pictures(const std::string& name, std::size_t there, std::size_t wanted) {
  if (there < wanted)
    throw InputError(fmt::format("class '{}' has {} pictures, but the scenario asks for {}", name, there, wanted));
}

// Learns from one part and is tested on the other.
void divide_by_part(const Scenario& scenario, const Indices& train, const Indices& test, std::uint32_t label,
                    NewClass& added) {
  require_pictures(added.name, train.size(), scenario.mission.shots);
  added.support = draw(train, scenario.mission.shots, Random(scenario.seed, "support", label));
  added.tests = draw(test, scenario.mission.test_pictures, Random(scenario.seed, "tests", label));
}

// Learns from some pictures and is tested on the others.
void divide_at_random(const Scenario& scenario, Indices all, std::uint32_t label, NewClass& added) {
  const std::size_t shots = scenario.mission.shots;
  require_pictures(added.name, all.size(), shots + std::max<std::size_t>(1, scenario.mission.test_pictures));
  Random(scenario.seed, "support and tests", label).shuffle(std::span(all));
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(shots);
  added.support.assign(all.begin(), middle);
  added.tests.assign(middle, all.end());
  if (scenario.mission.test_pictures > 0) added.tests.resize(scenario.mission.test_pictures);
  std::ranges::sort(added.support);
  std::ranges::sort(added.tests);
}

// Which client meets which class in which step: a random order, dealt out evenly.
std::vector<std::uint32_t> order_of_arrival(const Scenario& scenario, std::vector<std::uint32_t> candidates) {
  Random(scenario.seed, "order of arrival").shuffle(std::span(candidates));
  const std::size_t wanted = scenario.mission.new_classes == 0 ? candidates.size() : scenario.mission.new_classes;
  if (candidates.size() < wanted)
    throw InputError(
        fmt::format("the scenario asks for {} new classes, but the data set has {} that are not base classes", wanted,
                    candidates.size()));
  candidates.resize(wanted);
  if (candidates.size() < scenario.mission.steps)
    throw InputError(fmt::format("{} new classes cannot arrive in {} steps", wanted, scenario.mission.steps));
  return candidates;
}

void plan_new_classes(const Scenario& scenario, const std::vector<std::uint32_t>& labels, const Dataset* train,
                      Mission& mission) {
  const auto tests = indices_by_class(mission.test_pool);
  const auto examples = train == nullptr ? std::vector<Indices>{} : indices_by_class(*train);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::uint32_t label = labels[i];
    NewClass added{mission.test_pool.classes[label],
                   i % scenario.mission.clients,
                   i * scenario.mission.steps / labels.size(),
                   {},
                   {}};
    if (train != nullptr) {
      divide_by_part(scenario, examples[label], tests[label], label, added);
    } else {
      divide_at_random(scenario, tests[label], label, added);
    }
    mission.new_classes.push_back(std::move(added));
  }
}

void plan_base(const Scenario& scenario, const Dataset& train, const std::vector<std::uint32_t>& labels, bool shared,
               Mission& mission) {
  const auto examples = indices_by_class(train);
  Indices chosen;
  for (const std::uint32_t label : labels) chosen.insert(chosen.end(), examples[label].begin(), examples[label].end());
  mission.base = select(train, chosen);
  if (!scenario.mission.keep_base) return;
  if (!shared)
    throw InputError("mission.keep_base must be false: the data set's test part has no pictures of the base classes");
  const auto in_base = indices_by_class(mission.base);
  const auto tests = indices_by_class(mission.test_pool);
  for (const std::uint32_t label : labels)
    mission.base_classes.push_back(
        {train.classes[label], in_base[label],
         draw(tests[label], scenario.mission.test_pictures, Random(scenario.seed, "tests", label))});
}

}  // namespace

Mission plan_mission(const Scenario& scenario) {
  DatasetPair data = open_dataset(scenario.data.kind, scenario.data.path);
  const bool shared = data.train.classes == data.test.classes;
  if (data.test.size() == 0)
    throw InputError("the data set " + data.source + " has no test part, which the scenario needs");
  Mission mission;
  mission.source = data.source;
  mission.sha256 = data.sha256;
  mission.test_pool = std::move(data.test);
  const std::vector<std::uint32_t> base = labels_of(data.train, scenario.pretraining.classes);
  plan_base(scenario, data.train, base, shared, mission);

  std::vector<std::uint32_t> candidates;
  for (std::uint32_t label = 0; label < mission.test_pool.classes.size(); ++label)
    if (!shared || std::ranges::find(base, label) == base.end()) candidates.push_back(label);
  const std::vector<std::uint32_t> arriving = order_of_arrival(scenario, std::move(candidates));
  plan_new_classes(scenario, arriving, shared ? &data.train : nullptr, mission);
  mission.support_pool = shared ? std::move(data.train) : mission.test_pool;
  return mission;
}

}  // namespace outrider::simulations
