#include "client/core/core.h"

#include <algorithm>
#include <utility>

#include "knowledge/definition.h"
#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "knowledge/utf8.h"
#include "protocol/codec.h"
#include "protocol/limits.h"

namespace outrider::client {
namespace {

constexpr std::string_view kLessonPrefix = "lesson/";
constexpr std::string_view kCapacity = "capacity";

// Which the aggregator was told of when the replica was begun.
Capacity stored_capacity(const Store& store) {
  const auto record = store.get(Column::meta, to_bytes(kCapacity));
  if (!record) return {};
  return {number_in_key(*record), number_in_key(*record, sizeof(std::uint64_t))};
}

Bytes lesson_key(const Topic& topic) {
  Bytes key = to_bytes(kLessonPrefix);
  const Bytes rest = topic_key(topic);
  key.insert(key.end(), rest.begin(), rest.end());
  return key;
}

}  // namespace

void Effects::append(Effects later) {
  writes.append(std::move(later.writes));
  std::ranges::move(later.messages, std::back_inserter(messages));
  std::ranges::move(later.notices, std::back_inserter(notices));
  if (later.rejected) rejected = std::move(later.rejected);
  definition_arrived |= later.definition_arrived;
}

Core::Core(ClientId self, std::string name, const Store& store, Random jitter, Timing timing, PartSizes sizes,
           Capacity capacity, protocol::Incarnation incarnation, std::string version)
    : self_(self),
      name_(std::move(name)),
      version_(std::move(version)),
      store_(store),
      capacity_(capacity),
      incarnation_(std::move(incarnation)),
      outbox_(self, store, sizes),
      replica_(store),
      jitter_(jitter),
      definition_(stored_definition_id(store)),
      timing_(timing),
      sizes_(sizes),
      partial_(store),
      newest_(replica_.revision()),
      hello_(timing.first_retry, timing.longest_retry),
      contribute_(hello_),
      want_(hello_) {
  if (const auto id = store.get(Column::meta, to_bytes("aggregator"))) aggregator_ = ClientId::from_bytes(*id);
  protocol::check_text("the client's name", name_);
  mend();
  begin_conversation();
}

// Earlier versions learned what no message can carry. Its pictures are still in their folder.
void Core::mend() {
  std::vector<Topic> dropped;
  mended_.writes = outbox_.drop_unsendable(dropped);
  store_.scan(Column::meta, bytes_of(kLessonPrefix), [&](ByteView key, ByteView) {
    const Topic topic = topic_of(key.subspan(kLessonPrefix.size()));
    const auto reason = protocol::topic_objection(topic);
    if (!reason) return;
    mended_.writes.erase(Column::meta, to_bytes(key));
    mended_.notices.push_back("what was learned of " + utf8::quoted(topic.subject) +
                              " is forgotten, since its name could never be sent: it " + *reason);
  });
  give_up_what_is_torn();
}

// Nobody would send again what the replica says to have. All of it is given up, since only who has nothing is told all
// that has been withdrawn; nothing can be predicted from a part anyway.
void Core::give_up_what_is_torn() {
  const std::vector<Topic> lacking = replica_.lacking();
  if (lacking.empty()) return;
  std::string named = utf8::quoted(lacking.front().subject);
  if (lacking.size() > 1) named += " and " + std::to_string(lacking.size() - 1) + " more";
  mended_.writes.append(replica_.clear());
  newest_ = replica_.revision();
  store_.scan(Column::parts, bytes_of("k"), [&](ByteView key, ByteView) {  // those of whose place nothing is known, too
    if (!partial_.find(PartsOwner::knowledge, Digest::from_bytes(key.subspan(1, Digest::kSize))))
      mended_.writes.erase(Column::parts, to_bytes(key));
  });
  mended_.notices.push_back("the state lacks parts of what is known on " + named +
                            "; fetching all that is known again");
}

Effects Core::receive(const protocol::Message& message, Instant now) {
  const SequenceNumber given = outbox_.last();
  last_heard_ = std::max(last_heard_, now);
  Effects effects = mended();
  effects.append(std::visit([&](const auto& body) { return on(body, now); }, message.body));
  send_what_is_due(now, effects);
  check_invariants(effects);
  invariant(
      link_ == Link::seeking || std::holds_alternative<protocol::Welcome>(message.body) || outbox_.last() == given,
      "numbers are given to lessons and at a welcome only");
  return effects;
}

// Looks at what has been done, not at how.
void Core::check_invariants(const Effects& effects) const {
  invariant(replica_.revision() <= newest_, "no more is held than has been announced");
  invariant(outbox_.highest_decided() <= outbox_.last(), "what is decided has been learned");
  invariant(number(outbox_.last()) - number(outbox_.highest_decided()) == outbox_.undecided(),
            "contributions are numbered without gaps");
  invariant(!effects.definition_arrived || !definition_.empty(), "what has arrived has a name");
  for (const protocol::Message& message : effects.messages)
    invariant(message.client == self_, "a client speaks in its own name");
}

Effects Core::tick(Instant now) {
  Effects effects = mended();
  send_what_is_due(now, effects);
  check_invariants(effects);
  return effects;
}

Effects Core::reconnected(Instant now) {
  Effects effects = mended();
  if (link_ == Link::seeking) {
    hello_.hurry(now, jitter_);
    return effects;
  }
  if (upload_) upload_->ask();
  if (arriving_) arriving_->ask_again();
  if (incoming_) incoming_->ask_again();
  send_what_is_due(now, effects);
  check_invariants(effects);
  return effects;
}

void Core::seek_again() {
  link_ = Link::seeking;
  hello_.reset();
  begin_conversation();
}

void Core::begin_conversation() {
  const std::uint64_t high = jitter_();
  conversation_ = (high << 32 | jitter_()) | 1;
}

Effects Core::on(const protocol::Welcome& welcome, Instant now) {
  Effects effects;
  if (link_ == Link::established) return effects;  // an echo
  // The answer to an earlier hello tells of a state that may be long past: less would look like a loss.
  if (welcome.conversation != 0 && welcome.conversation != conversation_) return effects;
  if (number(welcome.highest_decided) > kMostDecided) {
    effects.notices.push_back("the aggregator says that it has decided on " +
                              std::to_string(number(welcome.highest_decided)) +
                              " contributions of this client, which cannot be");
    return effects;
  }
  effects.writes = agree_on(welcome, effects);
  link_ = Link::established;
  turned_away_.clear();
  heartbeat_every_ = std::chrono::seconds(std::clamp(welcome.heartbeat_seconds, 1U, 3600U));
  heartbeat_due_ = now + heartbeat_every_;
  hello_.reset();
  contribute_.reset();
  want_.reset();
  takes_offers_ = welcome.takes_offers;
  upload_.reset();
  if (arriving_) arriving_->ask_again();
  if (incoming_) incoming_->ask_again();
  heard_of(welcome.revision, welcome.definition, effects);
  return effects;
}

// Both sides may have lost state: the aggregator may be new or restored from a backup, and so may the client.
WriteSet Core::agree_on(const protocol::Welcome& welcome, Effects& effects) {
  WriteSet writes;
  const bool another = welcome.aggregator != aggregator_;
  if (another || welcome.revision < replica_.reaches()) {
    if (aggregator_ != ClientId{})
      effects.notices.push_back(another ? "this is another aggregator than before: everything is exchanged again"
                                        : "the aggregator knows less than before: everything is exchanged again");
    writes.append(replica_.clear());
    incoming_.reset();
    aggregator_ = welcome.aggregator;
    writes.put(Column::meta, to_bytes("aggregator"), to_bytes(aggregator_.view()));
    newest_ = Revision{};
  } else if (capacity_ != stored_capacity(store_)) {
    effects.notices.push_back("this device can do other than before: everything is asked for again");
    writes.append(replica_.clear());
    newest_ = Revision{};
  }
  if (capacity_ != stored_capacity(store_))
    writes.put(Column::meta, to_bytes(kCapacity), key_of(key_of(capacity_.memory), capacity_.operations));
  if (welcome.highest_decided < outbox_.highest_decided()) {
    writes.append(outbox_.offer_again(welcome.highest_decided));
  } else if (welcome.highest_decided > outbox_.last() || renumber_on_welcome_) {
    effects.notices.push_back("contributions are numbered anew: this state is older than what the aggregator has seen");
    writes.append(outbox_.renumber(welcome.highest_decided));
  }
  renumber_on_welcome_ = false;
  return writes;
}

Effects Core::on(const protocol::Held& held, Instant now) {
  if (upload_) upload_->take(held, now);
  return {};
}

Effects Core::on(const protocol::Accepted& accepted, Instant) {
  Effects effects;
  const std::size_t before = outbox_.undecided();
  for (const Digest& id : accepted.contributions) effects.writes.append(outbox_.decided(id, true));
  if (outbox_.undecided() < before) contribute_.reset();
  if (link_ == Link::established) newest_ = std::max(newest_, accepted.revision);
  return effects;
}

Effects Core::on(const protocol::Refused& refused, Instant) {
  Effects effects;
  if (refused.permanent) {
    effects.writes = outbox_.decided(refused.contribution, false);
    if (!effects.writes.empty()) {
      effects.notices.push_back("a contribution was refused: " + refused.reason);
      contribute_.reset();
    }
    return effects;
  }
  if (refused.contribution.empty()) {  // not a contribution: we are not let in, for now
    if (std::exchange(turned_away_, refused.reason) != refused.reason)
      effects.notices.push_back("the aggregator takes no part of this client: " + refused.reason);
    return effects;
  }
  const bool is_first = outbox_.first() != nullptr && outbox_.first()->id == refused.contribution;
  if (link_ == Link::established && is_first) {  // its number does not follow what the aggregator has
    renumber_on_welcome_ = true;
    seek_again();
  }
  return effects;
}

Effects Core::on(const protocol::Announce& announce, Instant) {
  Effects effects;
  if (link_ != Link::established) return effects;
  if (announce.aggregator != aggregator_) {
    seek_again();
  } else {
    heard_of(announce.revision, announce.definition, effects);
  }
  return effects;
}

Effects Core::on(const protocol::Rejected& rejected, Instant) {
  Effects effects;
  // A hello of an earlier run may arrive long after it has ended; what is said to it reaches this one.
  if (rejected.conversation != 0 && rejected.conversation != conversation_) return effects;
  effects.rejected = rejected.sentence;
  return effects;
}

// What is committed is offered until it is decided, so it must be one that can be sent.
void Core::check_sendable(const Lesson& lesson) const {
  const bool in_parts = lesson.payload.size() > sizes_.inline_bytes;
  Contribution contribution{self_, next(outbox_.last()), replica_.revision(), lesson.topic, {}};
  if (!in_parts) contribution.payload = lesson.payload;
  protocol::Body body = protocol::Contribute{{contribution}};
  if (in_parts) body = protocol::Offer{Digest{}, std::move(contribution), lesson.payload.size(), 0};
  try {
    protocol::encode({self_, std::move(body)});
  } catch (const InputError& error) {
    throw InputError("what was learned of " + utf8::quoted(lesson.topic.subject) + " cannot be sent: " + error.what());
  }
}

Effects Core::learned(Lesson lesson, Instant now) {
  check_sendable(lesson);
  Effects effects = mended();
  effects.writes.put(Column::meta, lesson_key(lesson.topic), std::move(lesson.memory));
  const bool idle = outbox_.undecided() == 0;
  const bool in_parts = lesson.payload.size() > sizes_.inline_bytes;
  effects.writes.append(outbox_.add(std::move(lesson.topic), replica_.revision(), std::move(lesson.payload)));
  if (idle) contribute_.reset();
  // What lies in parts can be read, and so sent, once these writes are committed: at the next tick.
  if (!in_parts) send_what_is_due(now, effects);
  invariant(outbox_.undecided() > 0, "what was learned waits to be decided");
  check_invariants(effects);
  return effects;
}

Effects Core::leave() {
  Effects effects = mended();
  if (link_ == Link::established) send(protocol::Goodbye{}, effects);
  seek_again();
  return effects;
}

std::optional<Bytes> lesson_memory(const Store& store, const Topic& topic) {
  return store.get(Column::meta, lesson_key(topic));
}

void for_each_lesson(const Store& store, const std::string& kind, const Digest& space,
                     const std::function<void(const Topic&, ByteView)>& visit) {
  store.scan(Column::meta, lesson_key({kind, space, {}}),
             [&](ByteView key, ByteView memory) { visit(topic_of(key.subspan(kLessonPrefix.size())), memory); });
}

Digest stored_definition_id(const Store& store) {
  const auto id = store.get(Column::meta, to_bytes("encoder"));
  return id ? Digest::from_bytes(*id) : Digest{};
}

std::optional<Bytes> stored_definition(const Store& store) {
  const Digest id = stored_definition_id(store);
  return id.empty() ? std::nullopt : store.get(Column::blobs, id.view());
}

std::optional<Bytes> stored_content(const Store& store) {
  const auto definition = stored_definition(store);
  return definition ? std::optional(Definition::content_of(*definition)) : std::nullopt;
}

}  // namespace outrider::client
