// A model of rounds is a function of its updates.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/averaging/merge.h"
#include "learners/averaging/round_record.h"
#include "learners/averaging/update_wire.h"
#include "simulations/world/family_promises.h"
#include "simulations/world/ledger.h"

namespace outrider::simulations {
namespace {

using averaging::RoundRecord;
using averaging::Update;

class RoundsOfTask {
 public:
  // `given`: the record that the task is published with; nothing: training begins with the first model.
  RoundsOfTask(averaging::LearningTask task, const std::optional<Bytes>& given)
      : task_(std::move(task)),
        first_(given ? averaging::decode_round_record(*given, task_).state : task_.initial_state()) {}

  void accepted(const Contribution& contribution) {
    const std::string& subject = contribution.topic.subject;
    if (subject == averaging::kModelSubject) {
      records_.emplace(contribution.sequence, contribution.payload);
    } else if (subject == averaging::kBestSubject) {
      best_.push_back(averaging::decode_round_record(contribution.payload, task_).state.weights);
    } else if (subject.starts_with(averaging::kUpdatePrefix)) {
      const std::pair key{contribution.client, subject};
      waiting_.erase(key);
      if (!contribution.withdraws())
        waiting_.emplace(
            key, averaging::decode_update(contribution.payload, contribution.client, task_.network, task_.strategy));
    }
  }

  void check() {
    for (const auto& [sequence, payload] : std::exchange(records_, {})) {
      RoundRecord record = averaging::decode_round_record(payload, task_);
      std::vector<Update> used = take_used(record);
      // What came between may have been dropped before anybody looked.
      if (!record_ || record.state.round <= record_->state.round + 1) judge(record, used);
      record_ = std::move(record);
    }
  }

 private:
  // Those that were counted since the record before. Rounds that the record does not remember are closed for good.
  std::vector<Update> take_used(const RoundRecord& record) {
    std::vector<Update> used;
    std::erase_if(waiting_, [&](const auto& entry) {
      const Update& update = entry.second;
      const auto& rounds = record.memory.rounds;
      const auto round = std::ranges::find(rounds, update.round, &averaging::RoundMemory::round);
      const bool counted =
          round == rounds.end() ? update.round < record.state.round : round->heard.contains(update.client);
      if (counted) used.push_back(update);
      return counted;
    });
    return used;
  }

  void judge(const RoundRecord& record, const std::vector<Update>& used) const {
    const auto require_promise = [&](bool holds, std::string_view what) {
      if (!holds) throw Violation(fmt::format("the record of round {} {}", record.state.round, what));
    };
    if (!record_) return require_promise(record.state == first_, "does not begin with the first model");
    averaging::ServerState same = record_->state;
    require_promise(record.state.round >= same.round, "follows that of a later one");
    if (record.state.round == same.round)
      return require_promise(record.state == same, "has another model than the one before, and the round goes on");
    ++same.round;
    if (record.trouble != record_->trouble)
      return require_promise(is_known(record.state), "goes on from an unknown model");
    if (!record.finished.empty() && record.state == same) return;  // it was asked how good the model is
    require_promise(!used.empty(), "comes of no update");
    require_promise(record.state == after(used), fmt::format("is not what its {} updates come to", used.size()));
  }

  averaging::ServerState after(const std::vector<Update>& used) const {
    try {
      return averaging::apply_round(task_.network, task_.strategy, record_->state, used,
                                    {.population = std::max<std::uint64_t>(record_->population, used.size())});
    } catch (const InputError&) {
      averaging::ServerState same = record_->state;
      ++same.round;
      return same;
    }
  }

  // The first model, or one that has done best.
  bool is_known(const averaging::ServerState& state) const {
    averaging::ServerState first = task_.initial_state();
    first.round = state.round;
    if (state == first) return true;
    return std::ranges::find(best_, state.weights) != best_.end();
  }

  averaging::LearningTask task_;
  averaging::ServerState first_;
  std::optional<RoundRecord> record_;
  std::map<SequenceNumber, Bytes> records_;                     // accepted and not judged
  std::map<std::pair<ClientId, std::string>, Update> waiting_;  // accepted and counted in no record
  std::vector<nn::Parameters> best_;                            // models that did best
};

class PromiseOfRounds : public FamilyPromise {
 public:
  void open_space(const Digest& space, ByteView definition) override {
    if (!tasks_.contains(space) && averaging::LearningTask::recognises(definition))
      tasks_.emplace(space, RoundsOfTask(averaging::LearningTask::decode(definition), given_of(space)));
  }
  void given(const Topic& topic, ByteView payload) override {
    if (topic.kind == averaging::kAveragingKind && topic.subject == averaging::kModelSubject)
      given_.insert_or_assign(topic.space, to_bytes(payload));
  }
  void accepted(const Contribution& contribution) override {
    const auto task = tasks_.find(contribution.topic.space);
    if (task != tasks_.end() && contribution.topic.kind == averaging::kAveragingKind)
      task->second.accepted(contribution);
  }
  void check(const std::vector<protocol::KnowledgeEntry>&) override {
    for (auto& [space, task] : tasks_) task.check();
  }

 private:
  std::optional<Bytes> given_of(const Digest& space) const {
    const auto found = given_.find(space);
    return found == given_.end() ? std::nullopt : std::optional(found->second);
  }

  std::map<Digest, Bytes> given_;
  std::map<Digest, RoundsOfTask> tasks_;
};

}  // namespace

std::unique_ptr<FamilyPromise> promise_of_rounds() {
  return std::make_unique<PromiseOfRounds>();
}

}  // namespace outrider::simulations
