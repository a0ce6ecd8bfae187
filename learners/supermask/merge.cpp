#include "learners/supermask/merge.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/name.h"
#include "knowledge/utf8.h"

namespace outrider {
namespace {

// Outputs are classes by their order, so that has to be the same too.
void require_classes(const std::vector<std::string>& found, const std::vector<std::string>& expected,
                     const std::string& task) {
  require(found.size() == expected.size(),
          fmt::format("the record of task {} has {} classes; other clients said that it has {}", task, found.size(),
                      expected.size()));
  for (std::size_t i = 0; i < found.size(); ++i)
    require(found[i] == expected[i], fmt::format("the record of task {} has class {} where other clients have {}", task,
                                                 utf8::quoted(found[i]), utf8::quoted(expected[i])));
}

// What is known of one task: what each client said of it, in wire form.
struct KnownTask {
  std::vector<std::string> classes;
  std::map<ClientId, Bytes> said;
  std::optional<Bytes> merged;  // nothing: it has changed since
};

class SupermaskMerge : public Merge {
 public:
  std::optional<std::string> open_space(const Digest& space, ByteView definition) override {
    if (bases_.contains(space)) return std::nullopt;
    return objection_of([&] { bases_.emplace(space, BaseNetwork::decode(definition)); });
  }

  std::unique_ptr<Decoded> read(const Contribution& contribution) const override {
    return decoded(acceptable(contribution));
  }

  std::optional<std::uint64_t> most_bytes(const Topic& topic) const override {
    const auto base = bases_.find(topic.space);
    if (base == bases_.end()) return std::nullopt;
    return TaskRecord::most_bytes(base->second);
  }

  void take(const Contribution& contribution, Decoded& said) override {
    KnownTask& task = tasks_[contribution.topic];
    task.classes = std::move(as<TaskRecord>(said).classes);
    task.said[contribution.client] = contribution.payload;
    task.merged.reset();
  }

  void erase(const ClientId& client, const Topic& topic) override {
    const auto task = tasks_.find(topic);
    if (task == tasks_.end() || task->second.said.erase(client) == 0) return;
    task->second.merged.reset();
    if (task->second.said.empty()) tasks_.erase(task);
  }

  Bytes merged(const Topic& topic) const override {
    const auto task = tasks_.find(topic);
    if (task == tasks_.end()) return {};
    std::optional<Bytes>& merged = task->second.merged;
    if (!merged) merged = merge(bases_.at(topic.space), task->second);
    return *merged;
  }

 private:
  static Bytes merge(const BaseNetwork& base, const KnownTask& task) {
    std::vector<std::pair<ClientId, TaskRecord>> said;
    for (const auto& [client, payload] : task.said) said.emplace_back(client, TaskRecord::decode(payload, base));
    return merge_task(base, said).encode();
  }

  // The contribution's record; throws InputError with the objection.
  TaskRecord acceptable(const Contribution& contribution) const {
    const Topic& topic = contribution.topic;
    require(topic.kind == kSupermaskKind,
            fmt::format("a contribution of kind {} came to the family '{}'", utf8::quoted(topic.kind), kSupermaskKind));
    check_name("a task's name", topic.subject);
    const std::string task = utf8::quoted(topic.subject);
    const auto base = bases_.find(topic.space);
    require(base != bases_.end(),
            fmt::format("the base network {} of task {} is not known here", topic.space.brief(), task));
    TaskRecord record = TaskRecord::decode(contribution.payload, base->second, "the record of task " + task);
    require_agreement(contribution, record);
    return record;
  }

  void require_agreement(const Contribution& contribution, const TaskRecord& record) const {
    const auto task = tasks_.find(contribution.topic);
    if (task == tasks_.end()) return;
    const auto& said = task->second.said;
    const std::size_t others = said.size() - said.count(contribution.client);
    const std::string name = utf8::quoted(contribution.topic.subject);
    if (others > 0) require_classes(record.classes, task->second.classes, name);
    require(others < kMaxTaskContributors,
            fmt::format("task {} already has the most contributors, {}", name, kMaxTaskContributors));
  }

  std::map<Digest, BaseNetwork> bases_;
  mutable std::map<Topic, KnownTask> tasks_;
};

}  // namespace

std::unique_ptr<Merge> SupermaskFamily::make_merge() const {
  return std::make_unique<SupermaskMerge>();
}

}  // namespace outrider
