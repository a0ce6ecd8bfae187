#include "protocol/limits.h"

#include <cstdint>
#include <variant>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider::protocol {
namespace {

// The length of the UTF-8 sequence at the start of `text` (not empty); 0 if there is none. Follows table 3-7 of the
// Unicode Standard: no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto in = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return in(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return in(1, low, high) && in(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return in(1, low, high) && in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

void check_topic(const Topic& topic) {
  check_text("a topic's kind", topic.kind);
  check_text("a topic's subject", topic.subject);
}

struct Check {
  void operator()(const Hello& hello) const { check_text("the name in hello", hello.name); }
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
  }
  void operator()(const Unsupported& unsupported) const {
    check_text("the sentence in unsupported", unsupported.sentence);
  }
  void operator()(const Status& status) const {
    check_entries("the clients in status", status.clients.size());
    check_entries("the topics in status", status.topics.size());
    for (const ClientStatus& client : status.clients) check_text("a client's name", client.name);
    for (const TopicStatus& topic : status.topics) check_topic(topic.topic);
  }
  // These hold neither lists nor text. Named one by one, so that a new message cannot be forgotten here.
  void operator()(const Want&) const {}
  void operator()(const WantBlob&) const {}
  void operator()(const Heartbeat&) const {}
  void operator()(const Goodbye&) const {}
  void operator()(const StatusQuery&) const {}
  void operator()(const Welcome&) const {}
  void operator()(const PayloadPart&) const {}
  void operator()(const Held&) const {}
  void operator()(const BlobChunk&) const {}
  void operator()(const Announce&) const {}
};

}  // namespace

void check_entries(std::string_view what, std::size_t size) {
  if (size > kMaxEntries) throw InputError(fmt::format("{} has {} entries; at most {} fit", what, size, kMaxEntries));
}

void check_text(std::string_view what, std::string_view text) {
  if (text.size() > kMaxTextBytes)
    throw InputError(fmt::format("{} has {} bytes; at most {} fit", what, text.size(), kMaxTextBytes));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text.substr(at));
    if (length == 0) throw InputError(fmt::format("{} is not UTF-8 at byte {}", what, at));
    const auto byte = static_cast<std::uint8_t>(text[at]);
    if (byte < 0x20 || byte == 0x7F) throw InputError(fmt::format("{} has a control character at byte {}", what, at));
    at += length;
  }
}

void check(const Message& message) {
  std::visit(Check{}, message.body);
}

}  // namespace outrider::protocol
