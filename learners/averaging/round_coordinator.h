// Conducts the rounds of one learning task on what is on record: merge.h says how.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "knowledge/family.h"
#include "learners/averaging/excuse.h"
#include "learners/averaging/learning_task.h"
#include "learners/averaging/round_record.h"
#include "learners/averaging/task_widths.h"

namespace outrider::averaging {

class RoundCoordinator {
 public:
  static constexpr Instant kLookEvery{1000};     // at who is still connected, while a round waits
  static constexpr Instant kRemindEvery{60000};  // of whom a round waits for

  // Throws InputError when the rules do not suit the task's strategy.
  RoundCoordinator(LearningTask task, RoundRules rules);

  // See Merge.
  std::unique_ptr<Decoded> read(const Contribution& contribution) const;
  std::optional<std::string> objection_to(const Contribution& contribution, const Decoded& said) const;
  void take(const Contribution& contribution, Decoded& said);
  // Of a payload on that subject; nothing: clients may say nothing on it.
  std::optional<std::uint64_t> most_bytes(const std::string& subject) const;
  // For people, how the rounds stand.
  std::vector<Fact> facts() const;
  // For people: "its update of round 7".
  std::string describe(const Contribution& contribution) const;

  void erase_update(const ClientId& client, const std::string& subject);
  void erase_excuse(const ClientId& client);
  void erase_part(double width);

  // For the clients that are sent this part of the network.
  Bytes model(double width) const;
  // That has done best; empty until one is known.
  const Bytes& best() const { return best_; }
  bool visible_to(const std::string& subject, const Capacity& capacity) const;

  void client_joined(const Capacity& capacity);
  // What people should know besides what is on record, each sentence once.
  std::vector<std::string> take_notices() { return std::exchange(notices_, {}); }
  // The parts that there is something new to say of: with a new record all that are in use.
  std::vector<double> parts(bool new_record) const;

  Instant deadline() const;
  // The next record, if there is one to be made, and what people should know of it.
  struct Next {
    RoundRecord record;
    std::string notice;
    bool is_best = false;  // model(1) has done best so far
  };
  std::optional<Next> step(const Present& present, Instant now);

 private:
  void require_wanted(const Contribution& contribution, const Update& update) const;
  void put_record(RoundRecord record);
  void put_update(const Contribution& contribution, Update update);
  Candidates candidates(const std::vector<PresentClient>& present);
  std::size_t enough() const;
  void resume();
  void look(const std::vector<PresentClient>& present);
  void find_lost();
  bool is_of_no_use(Instant now) const;
  void end_attendance(RoundRecord& record, const RoundMemory& round) const;
  Next begin(RoundRecord record, std::string notice, const Candidates& clients, Instant now) const;
  Next close(const Candidates& clients, Instant now) const;
  Next abandon(const std::string& why, const Candidates& clients, Instant now) const;
  // Of the updates that the round has taken, of the whole network.
  Score score() const;
  bool explodes(const Score& score) const;
  // Why there are no more rounds after this record; empty: there are.
  std::string end_of(const RoundRecord& record) const;
  std::optional<Next> extend(const Candidates& clients, Instant now);
  void remind(std::string sentence, Instant now);
  const Update& update_of(const UpdateKey& key) const;

  LearningTask task_;
  RoundRules rules_;
  TaskWidths widths_;
  std::optional<RoundRecord> record_;
  Bytes best_;
  std::optional<Rounds> rounds_;  // of the record, with what has been taken since
  bool clock_runs_ = false;
  std::map<std::pair<ClientId, std::string>, Update> updates_;  // that no round on record has used
  std::map<ClientId, Excuse> excuses_;
  std::set<ClientId> seen_;   // of those asked, since the clock runs
  std::set<ClientId> gone_;   // of those seen: not connected any more
  std::set<ClientId> lost_;   // of those asked who have not answered: they will not
  std::size_t diverged_ = 0;  // of them: since their training diverged
  bool excuses_changed_ = false;
  Instant next_look_{0};
  std::set<double> wanted_;                 // parts that clients have come for
  std::set<double> shown_{1};               // those of them that are on record
  mutable std::map<double, Bytes> models_;  // encoded for them, from the record
  bool excused_ = false;
  std::vector<std::string> notices_;
  Instant reminded_ = -kRemindEvery;
};

}  // namespace outrider::averaging
