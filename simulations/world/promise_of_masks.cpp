// What is merged of a task changes only when somebody who teaches it says something of it.
#include <map>
#include <set>

#include <fmt/format.h>

#include "knowledge/utf8.h"
#include "learners/supermask/merge.h"
#include "simulations/world/family_promises.h"
#include "simulations/world/ledger.h"

namespace outrider::simulations {
namespace {

class PromiseOfMasks : public FamilyPromise {
 public:
  void open_space(const Digest&, ByteView) override {}

  void accepted(const Contribution& contribution) override {
    if (contribution.topic.kind == kSupermaskKind) told_.insert(contribution.topic);
  }

  void check(const std::vector<protocol::KnowledgeEntry>& changed) override {
    for (const protocol::KnowledgeEntry& entry : changed) {
      if (entry.topic.kind != kSupermaskKind) continue;
      const Digest merged = Digest::of(entry.payload);
      const auto [known, is_new] = merged_.try_emplace(entry.topic, merged);
      const bool is_told = told_.erase(entry.topic) > 0;
      if (!is_told && (is_new || known->second != merged))
        throw Violation(fmt::format("what is merged of task {} has changed, and none of its teachers said anything",
                                    utf8::quoted(entry.topic.subject)));
      known->second = merged;
    }
  }

 private:
  std::set<Topic> told_;  // since their merged records were looked at
  std::map<Topic, Digest> merged_;
};

}  // namespace

std::unique_ptr<FamilyPromise> promise_of_masks() {
  return std::make_unique<PromiseOfMasks>();
}

}  // namespace outrider::simulations
