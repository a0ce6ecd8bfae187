#include "protocol/limits.h"

#include <variant>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/utf8.h"

namespace outrider::protocol {
namespace {

void check_topic(const Topic& topic) {
  check_text("a topic's kind", topic.kind);
  check_text("a topic's subject", topic.subject);
}

struct Check {
  void operator()(const Hello& hello) const {
    check_text("the name in hello", hello.name);
    const std::size_t earlier = hello.incarnation.earlier.size();
    if (earlier > Incarnation::kMaxEarlier)
      throw InputError(
          fmt::format("hello names {} earlier incarnations; at most {} fit", earlier, Incarnation::kMaxEarlier));
    check_text("the version in hello", hello.version);
  }
  void operator()(const Contribute& contribute) const {
    check_entries("contribute", contribute.contributions.size());
    for (const Contribution& contribution : contribute.contributions) check_topic(contribution.topic);
  }
  void operator()(const Offer& offer) const { check_topic(offer.header.topic); }
  void operator()(const Accepted& accepted) const { check_entries("accepted", accepted.contributions.size()); }
  void operator()(const Refused& refused) const { check_text("the reason in refused", refused.reason); }
  void operator()(const Knowledge& knowledge) const {
    check_entries("knowledge", knowledge.entries.size());
    for (const KnowledgeEntry& entry : knowledge.entries) check_topic(entry.topic);
    check_topic(knowledge.after);
    check_topic(knowledge.up_to);
  }
  void operator()(const Want& want) const { check_topic(want.after); }
  void operator()(const StatusQuery& query) const { check_topic(query.topics_after); }
  void operator()(const Unsupported& unsupported) const {
    check_text("the sentence in unsupported", unsupported.sentence);
  }
  void operator()(const Rejected& rejected) const { check_text("the sentence in rejected", rejected.sentence); }
  void operator()(const Status& status) const {
    check_entries("the clients in status", status.clients.size());
    check_entries("the topics in status", status.topics.size());
    check_entries("the facts in status", status.facts.size());
    for (const ClientStatus& client : status.clients) {
      check_text("a client's name", client.name);
      check_text("a client's version", client.version);
    }
    for (const Fact& fact : status.facts) {
      check_text("the name of a fact in status", fact.name);
      check_text("a fact in status", fact.value);
    }
    for (const TopicStatus& topic : status.topics) check_topic(topic.topic);
  }
  // These hold neither lists nor text. Named one by one, so that a new message cannot be forgotten here.
  void operator()(const WantBlob&) const {}
  void operator()(const Heartbeat&) const {}
  void operator()(const Goodbye&) const {}
  void operator()(const Welcome&) const {}
  void operator()(const PayloadPart&) const {}
  void operator()(const Held&) const {}
  void operator()(const BlobChunk&) const {}
  void operator()(const Announce&) const {}
};

}  // namespace

std::size_t most_wire_bytes(const KnowledgeEntry& entry) {
  constexpr std::size_t kFrame = 256;  // two structs, their pointers, two digests, padding and far pointers
  return entry.topic.kind.size() + entry.topic.subject.size() + entry.payload.size() + kFrame;
}

void check_entries(std::string_view what, std::size_t size) {
  if (size > kMaxEntries) throw InputError(fmt::format("{} has {} entries; at most {} fit", what, size, kMaxEntries));
}

void check_text(std::string_view what, std::string_view text) {
  utf8::check(what, text, kMaxTextBytes);
}

std::string sendable_text(std::string_view text, std::size_t most_bytes) {
  return utf8::objection(text, most_bytes) ? utf8::printable(text, most_bytes) : std::string(text);
}

std::optional<std::string> topic_objection(const Topic& topic) {
  if (auto reason = utf8::objection(topic.subject, kMaxTextBytes)) return reason;
  if (const auto reason = utf8::objection(topic.kind, kMaxTextBytes)) return "is of a kind that " + *reason;
  return std::nullopt;
}

void check(const Message& message) {
  std::visit(Check{}, message.body);
}

}  // namespace outrider::protocol
