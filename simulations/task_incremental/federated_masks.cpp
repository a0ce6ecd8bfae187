#include "simulations/task_incremental/federated_masks.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "client/core/core.h"
#include "client/core/replica.h"
#include "client/families/supermask/known_tasks.h"
#include "knowledge/error.h"
#include "learners/random.h"
#include "learners/supermask/merge.h"
#include "learners/supermask/task_inference.h"
#include "learners/supermask/task_network.h"
#include "learners/supermask/training.h"
#include "learners/supermask/transfer.h"
#include "simulations/experiment/stopwatch.h"
#include "simulations/world/scripted_world.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kPicturesToFind = 64;           // that a task is found by
constexpr std::size_t kBatchesToFind = 20;            // of a task, at most
constexpr Instant kPatience = std::chrono::hours(1);  // virtual

std::vector<std::unique_ptr<Family>> mask_families(const ClientId&) {
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(std::make_unique<SupermaskFamily>());
  return families;
}

BaseNetwork base_of(const Study& study, const TaskSequence& tasks, double density, std::uint64_t seed) {
  BaseNetwork base;
  base.preprocessing = study.preprocessing;
  base.network =
      base_architecture(study.architecture, study.preprocessing.input, static_cast<std::int64_t>(tasks.outputs()));
  base.density = density;
  base.seed = seed;
  return base;
}

double overlap_of_pair(const TaskRecord& a, const TaskRecord& b) {
  std::size_t both = 0, in_a = 0, in_b = 0;
  for (std::size_t layer = 0; layer < a.layers.size(); ++layer) {
    const auto& kept_a = a.layers[layer].kept;
    const auto& kept_b = b.layers[layer].kept;
    both += std::inner_product(kept_a.begin(), kept_a.end(), kept_b.begin(), std::size_t{0});
    in_a += a.layers[layer].count();
    in_b += b.layers[layer].count();
  }
  return static_cast<double>(both) / static_cast<double>(std::min(in_a, in_b));
}

double mean_overlap(const NamedTasks& tasks) {
  double sum = 0;
  std::size_t pairs = 0;
  for (std::size_t a = 0; a < tasks.size(); ++a)
    for (std::size_t b = a + 1; b < tasks.size(); ++b, ++pairs)
      sum += overlap_of_pair(tasks[a].second, tasks[b].second);
  return sum / static_cast<double>(std::max<std::size_t>(pairs, 1));
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::size_t count_tasks(const Store& store) {
  std::size_t count = 0;
  client::for_each_known(store, std::string(kSupermaskKind), client::stored_definition_id(store),
                         [&](const Topic&, ByteView) { ++count; });
  return count;
}

class FederatedMasks {
 public:
  FederatedMasks(const Study& study, StudyMethod method, double density, const TaskSequence& tasks, std::uint64_t seed,
                 TrainingWatch watch)
      : study_(study),
        method_(method),
        tasks_(tasks),
        seed_(seed),
        watch_(std::move(watch)),
        world_(ScriptedWorld::options(seed, study.tasks.clients + 1, {}, mask_families,
                                      base_of(study, tasks, density, seed).encode())) {
    for (std::size_t i = 0; i < study.tasks.clients; ++i) join();
    settle(0);
  }

  StudyRun run() {
    StudyRun run{seed_, AccuracyMatrix(tasks_.size())};
    for (std::size_t task = 0; task < tasks_.size(); ++task) {
      teach(task, run);
      measure(task, run.accuracies);
    }
    describe(run);
    return run;
  }

 private:
  std::uint32_t teacher_of(std::size_t task) const { return static_cast<std::uint32_t>(task % study_.tasks.clients); }
  const Store& store_of_teacher(std::size_t task) const { return world_.client_store(teacher_of(task)); }
  std::uint64_t seed_of(std::size_t task) const { return Random(seed_, "learning a task", 0, task)(); }

  std::uint32_t join() {
    world_.join(clients_);
    return clients_++;
  }

  // Until everybody knows that many tasks.
  void settle(std::size_t tasks) {
    if (!world_.settle(kPatience)) throw InputError("the clients of the virtual federation did not catch up");
    for (std::uint32_t client = 0; client < clients_; ++client)
      if (count_tasks(world_.client_store(client)) != tasks)
        throw InputError("the virtual aggregator refused " + tasks_.name(tasks - 1));
  }

  void teach(std::size_t task, StudyRun& run) {
    const Dataset pictures = tasks_.train(task);
    const Stopwatch stopwatch;
    const BaseNetwork base = client::load_base(store_of_teacher(task));
    const NamedTasks known = client::known_tasks(store_of_teacher(task), base.id(), base);
    const TaskRecord record = learn(base, known, pictures, task);
    const Bytes payload = record.encode();
    run.sent_bytes_per_task += static_cast<double>(payload.size()) / static_cast<double>(tasks_.size());
    world_.learn(teacher_of(task), {{std::string(kSupermaskKind), base.id(), tasks_.name(task)},
                                    payload,
                                    client::TaskMemory{{}, payload}.encode()});
    settle(task + 1);
    run.seconds_per_task += stopwatch.seconds() / static_cast<double>(tasks_.size());
    TaskNetwork teacher(base, study_.threads);
    teacher.use(record);
    taught_.push_back(teacher.logits(tasks_.test(task)));
  }

  TaskRecord learn(const BaseNetwork& base, const NamedTasks& known, const Dataset& pictures, std::size_t task) {
    MaskTraining training;
    training.batch = study_.supermask.batch;
    training.mask_epochs = study_.supermask.mask_epochs;
    training.mask_rate = study_.supermask.mask_rate;
    training.weight_epochs = method_ == StudyMethod::supsup ? 0 : study_.supermask.weight_epochs;
    training.weight_rate = study_.supermask.weight_rate;
    training.seed = seed_of(task);
    training.threads = study_.threads;
    training.after_step = watch_.poll;
    return learn_task(base, Ownership(base, known), pictures, start_of(base, known, pictures, task), training,
                      [&](std::size_t, std::size_t) {
                        watch_.count_epoch();
                        return true;
                      });
  }

  Scores start_of(const BaseNetwork& base, const NamedTasks& known, const Dataset& pictures, std::size_t task) const {
    const std::uint64_t seed = seed_of(task);
    if (method_ == StudyMethod::exssnet_kkt) {
      TransferOptions options;
      options.seed = seed;
      options.threads = study_.threads;
      if (const auto helps = best_transfer(base, known, pictures, options))
        return scores_of_task(base, known[helps->task].second, seed);
    }
    return random_scores(base, seed);
  }

  // Of all tasks so far, as the client that teaches next has them.
  void measure(std::size_t learned, AccuracyMatrix& accuracies) {
    const Store& store = store_of_teacher(learned + 1);
    TaskNetwork network(client::load_base(store), study_.threads);
    const NamedTasks known = client::known_tasks(store, network.base().id(), network.base());
    for (std::size_t judged = 0; judged <= learned; ++judged) {
      watch_.look();
      network.use(known[judged].second);
      accuracies.record(learned, judged, network.accuracy(tasks_.test(judged)));
    }
  }

  // By a client that has been nowhere before.
  void describe(StudyRun& run) {
    const std::uint32_t late = join();
    settle(tasks_.size());
    const Store& store = world_.client_store(late);
    const BaseNetwork base = client::load_base(store);
    const NamedTasks known = client::known_tasks(store, base.id(), base);
    MaskFigures& figures = run.masks.emplace();
    figures.overlap = mean_overlap(known);
    figures.owned =
        static_cast<double>(Ownership(base, known).owned_count()) / static_cast<double>(base.network.parameter_count());
    figures.late_joiner_exact = computes_what_was_taught(base, known);
    if (statistics_tensors(base.network).empty()) figures.found = find_tasks(base, known);
    run.merged_bytes_per_task = mean_payload(store, base);
  }

  bool computes_what_was_taught(const BaseNetwork& base, const NamedTasks& known) const {
    TaskNetwork network(base, study_.threads);
    for (std::size_t task = 0; task < tasks_.size(); ++task) {
      watch_.look();
      network.use(known[task].second);
      if (!same_bits(network.logits(tasks_.test(task)), taught_[task])) return false;
    }
    return true;
  }

  static double mean_payload(const Store& store, const BaseNetwork& base) {
    double bytes = 0, count = 0;
    client::for_each_known(store, std::string(kSupermaskKind), base.id(), [&](const Topic&, ByteView payload) {
      bytes += static_cast<double>(payload.size());
      ++count;
    });
    return bytes / count;
  }

  TasksFound find_tasks(const BaseNetwork& base, const NamedTasks& known) const {
    std::size_t batch = kPicturesToFind;
    for (std::size_t task = 0; task < tasks_.size(); ++task) batch = std::min(batch, tasks_.test(task).size());
    TaskInference inference(base, known, batch, study_.threads);
    TasksFound found;
    std::size_t batches = 0;
    for (std::size_t task = 0; task < tasks_.size(); ++task) {
      const Dataset pictures = tasks_.test(task);
      std::vector<std::size_t> order(pictures.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      Random(seed_, "pictures to find a task by", 0, task).shuffle(std::span(order));
      const std::size_t count = std::min(kBatchesToFind, pictures.size() / batch);
      for (std::size_t i = 0; i < count; ++i, ++batches) {
        watch_.look();
        const auto shown = std::span(order).subspan(i * batch, batch);
        found.one_shot += inference.infer(pictures, shown, TaskInferenceMethod::one_shot) == task ? 1 : 0;
        found.binary_search += inference.infer(pictures, shown, TaskInferenceMethod::binary_search) == task ? 1 : 0;
      }
    }
    found.one_shot /= static_cast<double>(batches);
    found.binary_search /= static_cast<double>(batches);
    return found;
  }

  const Study& study_;
  StudyMethod method_;
  const TaskSequence& tasks_;
  std::uint64_t seed_;
  TrainingWatch watch_;
  ScriptedWorld world_;
  std::uint32_t clients_ = 0;
  std::vector<std::vector<float>> taught_;  // the teacher's logits of each task's test pictures
};

}  // namespace

StudyRun learn_masks(const Study& study, StudyMethod method, double density, const TaskSequence& tasks,
                     std::uint64_t seed, const TrainingWatch& watch) {
  assert(uses_masks(method));
  return FederatedMasks(study, method, density, tasks, seed, watch).run();
}

}  // namespace outrider::simulations
