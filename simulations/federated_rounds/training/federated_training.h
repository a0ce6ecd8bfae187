// Clients that train one network in rounds, in a virtual world (simulations/world): an aggregator and clients with the
// cores of the daemons, disks, a network in fair weather, and the ledger, which watches every change
// (Watch::changes). What clients train is real, and takes no virtual time: when all have caught up, the world stands
// still, those whom the round asks train in parallel from what is on their disks, and then each says its update.
//
//   FederatedTraining training(task, clients, {.rules = {.cohort = 10}, .seed = 1});
//   while (training.state().round < 50) losses.push_back(training.round().loss);
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/core/core.h"
#include "learners/averaging/learning_task.h"
#include "learners/averaging/local_training.h"
#include "learners/averaging/round_record.h"
#include "learners/averaging/rounds.h"
#include "learners/averaging/task_widths.h"
#include "learners/averaging/update_wire.h"
#include "learners/data/dataset.h"
#include "simulations/world/scripted_world.h"

namespace outrider::simulations {

struct TrainingClient {
  Dataset pictures;  // as the network reads them; with none it takes no part
  double width = 1;  // the part of the network that its device can train, one of surgery::kWidths
};

struct FederatedTrainingOptions {
  averaging::RoundRules rules{};                                 // a round lasts the duration where an update is late
  averaging::Encoding encoding = averaging::Encoding::kFloat32;  // of updates
  double late = 0;         // the chance that an update comes after its round is over
  std::uint64_t seed = 1;  // of who is late; what is trained draws from the task's
  int workers = 1;         // clients that train at the same time; does not change the result
};

// What a round has come to.
struct TrainedRound {
  std::uint64_t round = 0;    // its number, from 0
  std::size_t asked = 0;      // clients
  std::size_t used = 0;       // updates, late ones of earlier rounds too
  std::size_t refused = 0;    // likewise
  double loss = 0;            // mean over the clients asked, by pictures
  double received_bytes = 0;  // by those asked: their parts of the weights
  double sent_bytes = 0;      // by them: updates
  double operations = 0;      // that their training takes, by training::training_operations()
};

class FederatedTraining {
 public:
  // What the world has been watched for, for reports.
  static constexpr std::string_view kWatched =
      "After every event: what is acknowledged is on disk, revisions only grow, what has changed of the knowledge is "
      "what all that was accepted merges to, as it came; each model is what the rules make of the one before and of "
      "its round's updates; who has caught up holds what the aggregator knew then. Not watched, since models "
      "are large: all knowledge against a fresh merge, and the limits of what the aggregator keeps and sends.";

  // `clients` must outlive this and not change. Throws InputError when task, rules or a width are not valid, or no
  // client has a picture.
  FederatedTraining(averaging::LearningTask task, const std::vector<TrainingClient>& clients,
                    FederatedTrainingOptions options);
  ~FederatedTraining();

  // Runs until the next round is over. `poll` is called several times a second, by this thread; what it throws ends the
  // training. Throws InputError when learning diverges, and Violation when a promise is broken.
  using Poll = std::function<void()>;
  TrainedRound round(const Poll& poll = {});

  const averaging::LearningTask& task() const { return task_; }
  // After the last round, with momenta.
  const averaging::ServerState& state() const { return record_.state; }
  // The weights that client k predicts with: its part of the model and, with FedBN, its own normalisation.
  nn::Parameters weights_of(std::size_t client) const;

  // The part of the network that the client trains; its width, or a wider one that takes no more.
  double width_of(std::size_t client) const;

  // Goes on with another network and what it has learned so far, under the same clients; the new task's other
  // settings are those of the old.
  void go_on_with(averaging::LearningTask task, averaging::ServerState state);

 private:
  // A client's update, until it says it.
  struct Delivery {
    std::size_t client = 0;
    std::uint64_t round = 0;
    client::Lesson lesson;
  };
  struct Trained;

  WorldOptions world_options() const;
  // A world in which nobody has learned anything, with this state if there is one.
  void begin(const std::optional<averaging::ServerState>& state);
  // At the aggregator's record, if it may have changed.
  void look();
  // Runs the world until this is so. Throws InputError, beginning with `what`, when it does not come about.
  void run_until(const std::function<bool()>& holds, std::string_view what);
  // Only who is asked for something fetches the model: it would go to thousands who do nothing with it.
  void let_catch_up(std::span<const std::size_t> clients) const;
  // What is on that client's disk.
  Topic model_topic(std::size_t client) const;
  averaging::RoundRecord given_to(std::size_t client) const;
  // Numbers of those that the open round asks and that are not busy.
  std::vector<std::size_t> asked(const std::set<std::size_t>& busy, std::uint64_t draw) const;
  std::vector<Trained> train(const std::vector<std::size_t>& clients, const Poll& poll) const;
  Trained train_one(std::size_t client, const Poll& poll) const;
  bool is_late(const Delivery& delivery) const;
  void deliver(const Delivery& delivery, TrainedRound& result);
  void deliver_late(TrainedRound& result);
  void let_time_run_out();
  void wait(bool nobody_left, TrainedRound& result);

  averaging::LearningTask task_;
  const std::vector<TrainingClient>& clients_;
  FederatedTrainingOptions options_;
  std::map<ClientId, std::size_t> number_of_;  // of those who take part
  Digest space_;
  averaging::TaskWidths widths_;
  std::unique_ptr<ScriptedWorld> world_;
  averaging::RoundRecord record_;  // the aggregator's last
  Digest seen_record_{};           // the contribution that it is
  Revision seen_{};                // up to which a newer one has been looked for
  std::vector<Delivery> late_;
};

}  // namespace outrider::simulations
