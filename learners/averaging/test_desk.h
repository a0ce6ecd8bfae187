// For tests: an aggregator reduced to what a merge needs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "learners/averaging/excuse.h"
#include "learners/averaging/merge.h"
#include "learners/averaging/round_record.h"
#include "learners/averaging/test_clients.h"
#include "learners/averaging/test_updates.h"
#include "learners/averaging/update_wire.h"
#include "learners/surgery/narrow.h"

namespace outrider::averaging {

inline const ClientId kDesk = ClientId::from_public_key(bytes_of("the aggregator"));

// Contributions on record, the latest of each client and topic.
class Desk {
 public:
  explicit Desk(const LearningTask& task, RoundRules rules = {.cohort = 3, .minimum = 2, .duration = Instant{10'000}})
      : task_(task), rules_(rules) {
    restart();
  }

  // What is on record, put in an order that the seed decides.
  void restart(std::uint64_t seed = 1) {
    merge_ = AveragingFamily(rules_).make_merge();
    EXPECT_EQ(merge_->open_space(task_.id(), task_.encode()), std::nullopt);
    std::vector<Contribution> all;
    for (const auto& [from, contribution] : record_) all.push_back(contribution);
    Random random(seed, "order");
    random.shuffle(std::span(all));
    for (const Contribution& contribution : all) merge_->put(contribution);
    step();
  }

  void step() {
    const Present present = [&] { return present_; };
    for (auto own_contributions = merge_->step(task_.id(), present, now_); !own_contributions.empty();
         own_contributions = merge_->step(task_.id(), present, now_))
      for (const OwnContribution& own_contribution : own_contributions) {
        if (!own_contribution.notice.empty()) notices_.push_back(own_contribution.notice);
        if (!own_contribution.topic.kind.empty())
          put({kDesk, {}, {}, own_contribution.topic, own_contribution.payload});
      }
  }

  std::optional<std::string> contribute(const Update& update) {
    const Contribution contribution{
        update.client,
        {},
        {},
        {std::string(kAveragingKind), task_.id(), subject_of_update(task_.strategy, update.round)},
        encode_update(update, Encoding::kFloat32)};
    if (auto reason = merge_->objection(contribution)) return reason;
    put(contribution);
    step();
    return std::nullopt;
  }

  void come(unsigned count) { come(std::vector<Capacity>(count)); }
  // One client of each of these capacities.
  void come(const std::vector<Capacity>& capacities) {
    present_.clear();
    for (unsigned i = 0; i < capacities.size(); ++i) {
      present_.push_back({shuffled_client(i), capacities[i]});
      merge_->client_joined(capacities[i]);
    }
    step();
  }
  // One that was there is gone.
  void leave(const ClientId& client) {
    std::erase_if(present_, [&](const PresentClient& present) { return present.id == client; });
  }
  Topic topic_of_excuse() const { return {std::string(kAveragingKind), task_.id(), std::string(kExcuseSubject)}; }
  std::optional<std::string> excuse(const ClientId& client, const Bytes& payload) {
    const Contribution contribution{client, {}, {}, topic_of_excuse(), payload};
    if (auto reason = merge_->objection(contribution)) return reason;
    put(contribution);
    step();
    return std::nullopt;
  }
  void take_back_excuse(const ClientId& client) {
    merge_->erase(client, topic_of_excuse());
    record_.erase({client, topic_of_excuse()});
    step();
  }
  void wait(Instant time) {
    now_ += time;
    step();
  }

  Topic topic_of_model(double width) const {
    return {std::string(kAveragingKind), task_.id(), subject_of_model(width)};
  }
  Bytes model(double width = 1) const { return merge_->merged(topic_of_model(width)); }
  RoundRecord round() const { return decode_round_record(model(), task_); }
  std::vector<ClientId> asked() const {
    const RoundRecord record = round();
    if (!record.memory.open) return {};
    const auto& asked = record.memory.rounds.back().asked;
    return {asked.begin(), asked.end()};
  }
  Update update_of(const ClientId& client, std::uint64_t round, std::uint64_t seed = 1, double width = 1) const {
    Random random(seed, "update", client.bytes[1], round);
    Update update = random_update(random, 0, round, surgery::narrow_network(task_.network, width), task_.strategy);
    update.client = client;
    update.width = width;
    return update;
  }
  void erase(const Update& update) {
    const Topic topic{std::string(kAveragingKind), task_.id(), subject_of_update(task_.strategy, update.round)};
    merge_->erase(update.client, topic);
    record_.erase({update.client, topic});
  }

  const Merge& merge() const { return *merge_; }
  const std::vector<std::string>& notices() const { return notices_; }

 private:
  void put(const Contribution& contribution) {
    merge_->put(contribution);
    record_.insert_or_assign({contribution.client, contribution.topic}, contribution);
  }

  LearningTask task_;
  RoundRules rules_;
  Instant now_{0};
  std::vector<PresentClient> present_;
  std::map<std::pair<ClientId, Topic>, Contribution> record_;
  std::unique_ptr<Merge> merge_;
  std::vector<std::string> notices_;
};

}  // namespace outrider::averaging
