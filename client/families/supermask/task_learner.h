// Learns tasks as masks over a base network from the pictures in a folder.
#pragma once

#include <map>

#include "client/families/supermask/known_tasks.h"
#include "client/learner.h"
#include "client/pictures/task_folder.h"
#include "learners/supermask/lottery.h"

namespace outrider::client {

// A task is learned once its folder has stayed the same from one look to the next, and again when it changes. It builds
// on all tasks that the client knows by then: it starts from the one that fits best, uses their weights and changes
// none of them. Tasks that become known while it learns make it rebase before it contributes.
// How a task's mask comes about.
enum class MaskFinder : std::uint8_t {
  edge_popup,  // scores search it, then the weights that nobody owns are trained
  lottery,     // a task that somebody has found a ticket for is trained with its mask; else one is found by pruning
};

struct TaskOptions {
  MaskTraining training{.least_steps = 300};  // its seed and threads are set by the learner
  MaskFinder finder = MaskFinder::edge_popup;
  LotteryOptions lottery{};  // likewise
  bool transfer = true;      // tasks start from the known one that fits best
};

class TaskLearner : public Learner {
 public:
  // `store` must outlive the learner.
  TaskLearner(Digest space, BaseNetwork base, const Store& store, LearnerOptions options,
              const TaskOptions& tasks = {});

  void learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) override;

 private:
  void learn_files(const TaskFiles& files, const Teach& teach, const Complain& complain, const std::stop_token& stop);
  Topic topic_of_task(const std::string& task) const;
  // All that is known but the task itself.
  NamedTasks others(const std::string& task) const;
  MaskTraining training_of(const std::string& task) const;
  // What is learned of the pictures, rebased on what becomes known meanwhile.
  TaskRecord search(const std::string& task, const Dataset& pictures, const EpochDone& goes_on,
                    std::string& report) const;
  TaskRecord train_lottery_ticket(const std::string& task, const Dataset& pictures, const EpochDone& goes_on,
                                  std::string& report) const;
  // Masks start from a known task where one helps; says which.
  Scores first_scores(const NamedTasks& known, const Dataset& pictures, const MaskTraining& training,
                      std::string& report) const;

  Digest space_;
  BaseNetwork base_;
  const Store& store_;
  LearnerOptions options_;
  TaskOptions tasks_;
  std::map<std::string, Digest> seen_;    // fingerprints at the last look
  std::map<std::string, Digest> failed_;  // of tasks that could not be learned
};

}  // namespace outrider::client
