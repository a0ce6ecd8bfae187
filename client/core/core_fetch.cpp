// How the core gets what the aggregator has: knowledge, whole or in parts, and what to learn with.
#include <algorithm>

#include "client/core/core.h"
#include "knowledge/invariant.h"

namespace outrider::client {

Effects Core::on(const protocol::Knowledge& knowledge, Instant now) {
  Effects effects;
  if (link_ != Link::established || incoming_ || !replica_.takes(knowledge)) return effects;
  incoming_.emplace(knowledge,
                    Incoming::Place{store_, partial_, timing_.first_retry, timing_.longest_retry, sizes_.part_bytes});
  partial_.discard_others(PartsOwner::knowledge, incoming_->wanted(), effects.writes);
  apply_incoming(now, effects);
  return effects;
}

void Core::apply_incoming(Instant now, Effects& effects) {
  if (!incoming_->is_complete(replica_)) return;
  effects.writes.append(replica_.apply(incoming_->knowledge(), incoming_->fetched()));
  for (const Large& large : incoming_->fetched()) partial_.release(large, effects.writes);
  incoming_.reset();
  newest_ = std::max(newest_, replica_.revision());
  want_.reset();
  if (replica_.revision() == newest_) heartbeat_due_ = now;  // says that it has caught up
}

// Whether the chunk is of what the replica's next revision refers to.
bool Core::take_knowledge(const protocol::BlobChunk& chunk, Instant now, Effects& effects) {
  if (!incoming_ || !incoming_->fetches(chunk.blob)) return false;
  switch (incoming_->take(chunk, now, effects.writes)) {
    case Fetch::Outcome::echo:
    case Fetch::Outcome::progress:
      break;
    case Fetch::Outcome::corrupt:
      effects.notices.push_back("knowledge " + chunk.blob.brief() + " arrived corrupt; fetching it again");
      break;
    case Fetch::Outcome::absent:  // it has changed meanwhile, or the aggregator has started anew: the next answer tells
      incoming_.reset();
      want_.reset_due_after(now, timing_.first_retry);
      break;
    case Fetch::Outcome::complete:
      apply_incoming(now, effects);
  }
  return true;
}

Effects Core::on(const protocol::BlobChunk& chunk, Instant now) {
  Effects effects;
  if (take_knowledge(chunk, now, effects) || !arriving_) return effects;
  switch (arriving_->take(chunk, now, effects.writes)) {
    case Fetch::Outcome::echo:
    case Fetch::Outcome::progress:
      break;
    case Fetch::Outcome::absent:
      effects.notices.push_back("the aggregator does not have the definition " + chunk.blob.brief() + " that it names");
      break;
    case Fetch::Outcome::corrupt:
      effects.notices.push_back("the definition " + chunk.blob.brief() + " arrived corrupt; fetching it again");
      break;
    case Fetch::Outcome::complete:
      adopt_definition(effects);
  }
  return effects;
}

void Core::adopt_definition(Effects& effects) {
  invariant(arriving_ && arriving_->is_complete(), "only what has arrived whole is learned with");
  definition_ = arriving_->name();
  effects.writes.put(Column::blobs, to_bytes(definition_.view()), arriving_->release());
  effects.writes.put(Column::meta, to_bytes("encoder"), to_bytes(definition_.view()));
  arriving_.reset();
  partial_.discard_others(PartsOwner::definition, {}, effects.writes);
  effects.definition_arrived = true;
}

void Core::heard_of(Revision revision, const Digest& definition, Effects& effects) {
  if (revision < newest_) return;  // it has been overtaken: the definition may be an older one
  newest_ = revision;
  if (definition.empty() || definition == definition_) {
    arriving_.reset();
    partial_.discard_others(PartsOwner::definition, {}, effects.writes);
  } else if (!arriving_ || arriving_->name() != definition) {
    partial_.discard_others(PartsOwner::definition, {&definition, 1}, effects.writes);
    arriving_.emplace(Fetch::Wanted{PartsOwner::definition, definition, 0}, store_, partial_, timing_.first_retry,
                      timing_.longest_retry);
    if (arriving_->is_complete()) adopt_definition(effects);
  }
}

}  // namespace outrider::client
