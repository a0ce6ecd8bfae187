#include "aggregator/core/uploads.h"

#include <algorithm>
#include <utility>

#include "knowledge/error.h"
#include "knowledge/invariant.h"

namespace outrider::aggregator {
namespace {

constexpr std::string_view kRecord = "upload/";      // the header and where its parts lie
constexpr std::string_view kProgress = "uploaded/";  // bytes held

Bytes upload_key(std::string_view prefix, const ClientId& client) {
  Bytes key = to_bytes(prefix);
  key.insert(key.end(), client.bytes.begin(), client.bytes.end());
  return key;
}

Bytes record_of(const Uploads::Upload& upload) {
  Bytes where = to_bytes(upload.id.view());
  const Bytes large = encode(upload.large);
  where.insert(where.end(), large.begin(), large.end());
  return encode(StoredContribution{upload.header, std::move(where)});
}

// What its client and number are goes in, so that no offer, whatever it calls itself, can touch what is decided.
Digest name_of(const ClientId& from, const protocol::Offer& offer) {
  return Hasher().field(from.view()).field(number(offer.header.sequence)).field(offer.contribution.view()).finish();
}

}  // namespace

Uploads::Uploads(const Store& store, UploadLimits limits) : limits_(limits) {
  store.scan(Column::meta, bytes_of(kRecord), [&](ByteView key, ByteView value) {
    const ClientId client = ClientId::from_bytes(key.subspan(kRecord.size()));
    StoredContribution stored = decode_stored_contribution(value);
    const ByteView parts = stored.parts;
    require(parts.size() > Digest::kSize, "the record of an upload is damaged");
    Upload upload{std::move(stored.contribution),
                  Digest::from_bytes(parts.first(Digest::kSize)),
                  decode_large(parts.subspan(Digest::kSize)),
                  0,
                  kNever,
                  kNever};
    if (const auto held = store.get(Column::meta, upload_key(kProgress, client))) upload.held = number_in_key(*held);
    require(upload.held <= upload.large.bytes, "the record of an upload is damaged");
    upload.held_before = upload.held;
    offered_bytes_ += cost_of(upload.large.bytes);
    uploads_.emplace(client, std::move(upload));
  });
}

const Uploads::Upload* Uploads::offered(const ClientId& from, const protocol::Offer& offer, Instant now,
                                        WriteSet& writes) {
  auto known = uploads_.find(from);
  const bool goes_on = known != uploads_.end() && known->second.id == offer.contribution &&
                       known->second.large.bytes == offer.bytes && known->second.header == offer.header;
  if (!goes_on) {
    if (known != uploads_.end()) drop(known, writes);
    if (!make_room(offer.bytes, now, writes)) return nullptr;
    const Large large{PartsOwner::contribution, name_of(from, offer), offer.bytes, limits_.part_bytes};
    known = uploads_.emplace(from, Upload{offer.header, offer.contribution, large, 0, now, now}).first;
    offered_bytes_ += cost_of(offer.bytes);
    invariant(offered_bytes_ <= std::max(limits_.unfinished_bytes, cost_of(offer.bytes)),
              "unfinished uploads stay within their bound");
    writes.put(Column::meta, upload_key(kRecord, from), record_of(known->second));
    writes.put(Column::meta, upload_key(kProgress, from), key_of(0));
  }
  return &known->second;
}

const Uploads::Upload* Uploads::find(const ClientId& client) const {
  const auto known = uploads_.find(client);
  return known == uploads_.end() ? nullptr : &known->second;
}

std::optional<protocol::Held> Uploads::take(const ClientId& from, const protocol::PayloadPart& part, Instant now,
                                            WriteSet& writes) {
  const auto known = uploads_.find(from);
  if (known == uploads_.end() || known->second.id != part.contribution) return std::nullopt;
  Upload& upload = known->second;
  const Large& large = upload.large;
  const std::uint64_t number = upload.held / large.part_bytes;
  if (part.offset == upload.held && !upload.is_complete() && part.content.size() == large.size_of(number)) {
    put_part(large, number, part.content, writes);
    upload.held += part.content.size();
    invariant(upload.held <= large.bytes, "no more is held of an upload than was offered");
    upload.touched = now;
    if (upload.begun == kNever) upload.begun = now;
    writes.put(Column::meta, upload_key(kProgress, from), key_of(upload.held));
  }
  return protocol::Held{upload.id,
                        upload.held,
                        static_cast<std::uint32_t>(large.part_bytes),
                        limits_.window,
                        part.attempt,
                        false,
                        part.offset > upload.held};
}

protocol::Held Uploads::held(const Upload& upload, const protocol::Offer& offer) const {
  return {upload.id, upload.held, static_cast<std::uint32_t>(upload.large.part_bytes), limits_.window, offer.attempt,
          true,      false};
}

void Uploads::drop(const ClientId& from, WriteSet& writes) {
  if (const auto known = uploads_.find(from); known != uploads_.end()) drop(known, writes);
}

void Uploads::release(const ClientId& from, WriteSet& writes) {
  if (const auto known = uploads_.find(from); known != uploads_.end()) forget(known, writes);
}

std::map<ClientId, Uploads::Upload>::iterator Uploads::forget(std::map<ClientId, Upload>::iterator upload,
                                                              WriteSet& writes) {
  invariant(offered_bytes_ >= cost_of(upload->second.large.bytes), "the room of an upload was reserved");
  offered_bytes_ -= cost_of(upload->second.large.bytes);
  writes.erase(Column::meta, upload_key(kRecord, upload->first));
  writes.erase(Column::meta, upload_key(kProgress, upload->first));
  return uploads_.erase(upload);
}

std::map<ClientId, Uploads::Upload>::iterator Uploads::drop(std::map<ClientId, Upload>::iterator upload,
                                                            WriteSet& writes) {
  Large there = upload->second.large;
  there.bytes = upload->second.held;
  erase_parts(there, writes);
  return forget(upload, writes);
}

std::uint64_t Uploads::pace(const Upload& upload, Instant now) {
  const auto milliseconds = static_cast<std::uint64_t>(std::max<Instant::rep>(1, (now - upload.begun).count()));
  return (upload.held - upload.held_before) * 1000 / milliseconds;
}

bool Uploads::may_be_dropped(const Upload& upload, Instant now) const {
  if (upload.touched == kNever) return false;  // the clock has started with this process
  if (now - upload.touched >= limits_.patience_when_full) return true;
  return upload.begun != kNever && now - upload.begun >= limits_.patience_when_full &&
         pace(upload, now) < limits_.slow_bytes_per_second;
}

// Who gets on least goes first.
bool Uploads::make_room(std::uint64_t bytes, Instant now, WriteSet& writes) {
  while (!uploads_.empty() && offered_bytes_ + cost_of(bytes) > limits_.unfinished_bytes) {
    auto slowest = uploads_.end();
    for (auto upload = uploads_.begin(); upload != uploads_.end(); ++upload)
      if (may_be_dropped(upload->second, now) &&
          (slowest == uploads_.end() || pace(upload->second, now) < pace(slowest->second, now)))
        slowest = upload;
    if (slowest == uploads_.end()) return false;
    drop(slowest, writes);
  }
  invariant(!uploads_.empty() || offered_bytes_ == 0, "who has gone has left no room reserved");
  return true;
}

void Uploads::expire(Instant now, WriteSet& writes) {
  for (auto upload = uploads_.begin(); upload != uploads_.end();) {
    Instant& touched = upload->second.touched;
    if (touched == kNever) touched = upload->second.begun = now;  // the clock has started with this process
    upload = now - touched >= limits_.patience ? drop(upload, writes) : std::next(upload);
  }
}

Instant Uploads::deadline() const {
  Instant soonest = kNever;
  for (const auto& [client, upload] : uploads_)
    soonest = std::min(soonest, upload.touched == kNever ? Instant{0} : upload.touched + limits_.patience);
  return soonest;
}

}  // namespace outrider::aggregator
