// A growth is said once, never changes, and has grown from what its clients said.
#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "learners/growing/growth_record.h"
#include "learners/growing/merge.h"
#include "learners/growing/mixture_wire.h"
#include "simulations/world/family_promises.h"
#include "simulations/world/ledger.h"

namespace outrider::simulations {
namespace {

class PromiseOfGrowth : public FamilyPromise {
 public:
  void open_space(const Digest& space, ByteView definition) override {
    if (!growths_.contains(space) && growing::GrowingTask::recognises(definition))
      growths_.emplace(space, GrowthOfTask{growing::GrowingTask::decode(definition), {}, {}, 0});
  }

  void accepted(const Contribution& contribution) override {
    const auto found = growths_.find(contribution.topic.space);
    if (found == growths_.end() || contribution.topic.kind != growing::kGrowingKind) return;
    if (contribution.topic.subject == growing::kGrowthSubject) {
      found->second.record = contribution.payload;
      ++found->second.times;
    } else if (contribution.topic.subject == growing::kSmallSubject && !contribution.withdraws()) {
      found->second.small[contribution.client].push_back(contribution.payload);
    }
  }

  void check(const std::vector<protocol::KnowledgeEntry>& changed) override {
    for (const auto& [space, growth] : growths_) {
      if (growth.times > 1) throw Violation(fmt::format("a growth is said {} times", growth.times));
      if (growth.times == 1 && !judged_.contains(space)) judge(growth);
      if (growth.times == 1) judged_[space] = growth.record;
    }
    for (const protocol::KnowledgeEntry& entry : changed) {
      const auto judged = judged_.find(entry.topic.space);
      if (judged != judged_.end() && entry.topic.kind == growing::kGrowingKind &&
          entry.topic.subject == growing::kGrowthSubject && entry.payload != judged->second)
        throw Violation("a growth has changed after it was said");
    }
  }

 private:
  struct GrowthOfTask {
    growing::GrowingTask task;
    std::map<ClientId, std::vector<Bytes>> small;  // all that each has said
    Bytes record;
    std::size_t times;
  };

  static void judge(const GrowthOfTask& growth) {
    const auto record = growing::GrowthRecord::decode(growth.record, growth.task);
    for (std::size_t part = 0; part < record.clients.size(); ++part) {
      const ClientId& client = record.clients[part];
      const auto said = growth.small.find(client);
      const bool is_said = said != growth.small.end() && std::ranges::any_of(said->second, [&](const Bytes& payload) {
                             return growing::decode_mixture(payload, growth.task.small) == record.parts[part];
                           });
      if (!is_said)
        throw Violation(fmt::format("a network has grown from a part that client {} never said", client.brief()));
    }
  }

  std::map<Digest, GrowthOfTask> growths_;
  std::map<Digest, Bytes> judged_;
};

}  // namespace

std::unique_ptr<FamilyPromise> promise_of_growth() {
  return std::make_unique<PromiseOfGrowth>();
}

}  // namespace outrider::simulations
