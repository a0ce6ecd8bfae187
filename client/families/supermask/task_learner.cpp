#include "client/families/supermask/task_learner.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "learners/supermask/merge.h"
#include "learners/supermask/task_network.h"
#include "learners/supermask/transfer.h"

namespace outrider::client {
namespace {

// Others may teach faster than we rebase. A record is whole without it, so it then goes out as it is.
constexpr int kMostRebases = 3;

}  // namespace

TaskLearner::TaskLearner(Digest space, BaseNetwork base, const Store& store, LearnerOptions options,
                         const TaskOptions& tasks)
    : space_(space), base_(std::move(base)), store_(store), options_(std::move(options)), tasks_(tasks) {}

Topic TaskLearner::topic_of_task(const std::string& task) const {
  return {std::string(kSupermaskKind), space_, task};
}

void TaskLearner::learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) {
  for (const TaskFiles& files : look_for_tasks(options_.data, complain)) {
    if (stop.stop_requested()) return;
    const auto memory = lesson_memory(store_, topic_of_task(files.task));
    if (memory && TaskMemory::decode(*memory).fingerprint == files.fingerprint) continue;
    if (const auto failed = failed_.find(files.task); failed != failed_.end() && failed->second == files.fingerprint)
      continue;
    const bool settled = seen_[files.task] == files.fingerprint;
    seen_[files.task] = files.fingerprint;
    if (files.classes.size() < 2 || files.classes.size() > base_.outputs()) {
      complain(fmt::format("the task {} has pictures of {} classes; a task has 2 to {}, one folder each: {}",
                           utf8::quoted(files.task), files.classes.size(), base_.outputs(), "TASK/CLASS/PICTURE"));
    } else if (settled) {
      // The other tasks go on; this one is not tried again before its folder changes.
      if (const auto complaint = objection_of([&] { learn_files(files, teach, complain, stop); })) {
        complain(*complaint);
        failed_[files.task] = files.fingerprint;
      }
    }
  }
}

NamedTasks TaskLearner::others(const std::string& task) const {
  NamedTasks known = known_tasks(store_, space_, base_);
  std::erase_if(known, [&](const auto& entry) { return entry.first == task; });
  return known;
}

// The same task learned from the same pictures and the same knowledge gives the same record at every client.
MaskTraining TaskLearner::training_of(const std::string& task) const {
  MaskTraining training = tasks_.training;
  training.seed = Random(base_.seed, task)();
  training.threads = options_.threads;
  return training;
}

Scores TaskLearner::first_scores(const NamedTasks& known, const Dataset& pictures, const MaskTraining& training,
                                 std::string& report) const {
  if (tasks_.transfer) {
    const auto transfer = best_transfer(base_, known, pictures, {.seed = training.seed, .threads = training.threads});
    if (transfer) {
      const auto& [name, record] = known[transfer->task];
      report += fmt::format(", starting from {}", utf8::quoted(name));
      return scores_of_task(base_, record, training.seed);
    }
  }
  return random_scores(base_, training.seed);
}

TaskRecord TaskLearner::search(const std::string& task, const Dataset& pictures, const EpochDone& goes_on,
                               std::string& report) const {
  const MaskTraining training = training_of(task);
  const NamedTasks known = others(task);
  Ownership ownership(base_, known);
  TaskRecord record =
      learn_task(base_, ownership, pictures, first_scores(known, pictures, training, report), training, goes_on);
  for (int rebases = 0; rebases < kMostRebases; ++rebases) {
    Ownership now(base_, others(task));
    if (now == ownership) break;
    ownership = std::move(now);
    record = rebase(base_, ownership, record, pictures, training, goes_on);
    report += ", rebased";
  }
  return record;
}

// Everybody's ticket of a task has the mask of the first one that was found, so that their weights can be averaged.
TaskRecord TaskLearner::train_lottery_ticket(const std::string& task, const Dataset& pictures, const EpochDone& goes_on,
                                             std::string& report) const {
  LotteryOptions options = tasks_.lottery;
  options.seed = training_of(task).seed;
  options.threads = options_.threads;
  const NamedTasks known = known_tasks(store_, space_, base_);
  const auto found = std::ranges::find(known, task, [](const auto& entry) { return entry.first; });
  if (found != known.end()) {
    report += ", with the known ticket";
    TaskRecord ticket = found->second;
    for (LayerMask& layer : ticket.layers) layer.values.clear();  // from the base's values
    return train_ticket(base_, ticket, pictures, options, goes_on);
  }
  Ticket ticket = find_ticket(base_, pictures, pictures, options, goes_on);
  ticket.record.place = Ownership(base_, known).next_place();
  report += fmt::format(", a ticket with {:.3g} % of the weights", 100 * ticket.rounds.back().remaining);
  return ticket.record;
}

void TaskLearner::learn_files(const TaskFiles& files, const Teach& teach, const Complain& complain,
                              const std::stop_token& stop) {
  const auto start = std::chrono::steady_clock::now();
  const Dataset pictures = load_task(files, base_.preprocessing.input, complain);
  const EpochDone goes_on = [&](std::size_t, std::size_t) { return !stop.stop_requested(); };
  std::string how;
  TaskRecord record;
  try {
    record = tasks_.finder == MaskFinder::lottery ? train_lottery_ticket(files.task, pictures, goes_on, how)
                                                  : search(files.task, pictures, goes_on, how);
  } catch (const InputError& error) {
    if (stop.stop_requested()) return;
    throw InputError(fmt::format("the task {} was not learned: {}", utf8::quoted(files.task), error.what()));
  }
  TaskNetwork judge(base_, options_.threads);
  judge.use(record);
  const Bytes payload = record.encode();
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  teach({topic_of_task(files.task), payload, TaskMemory{files.fingerprint, payload}.encode()},
        fmt::format("learned the task {} ({} classes, {} pictures{}) in {:.1f} s; {:.1f} % of them are told right; "
                    "{} bytes",
                    utf8::quoted(files.task), pictures.classes.size(), pictures.size(), how, spent.count(),
                    100 * judge.accuracy(pictures), payload.size()));
}

}  // namespace outrider::client
