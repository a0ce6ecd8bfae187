#include "simulations/world/vandal.h"

#include <algorithm>
#include <array>
#include <utility>

#include "knowledge/utf8.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/class_state.h"

namespace outrider::simulations {
namespace {

constexpr std::uint32_t kInvented = 3'000;  // clients that it plays
constexpr std::uint32_t kCrowd = 1'000;     // of which so many may come or go at once

// What a learner writes down of a class with one example, as large as those of the state.
Bytes memory_of_one(const Bytes& state) {
  const std::size_t dimension = decode_class_state(state).dimension();
  ClassMemory memory(dimension);
  memory.add(Digest::of(state), std::vector<float>(dimension, 1));
  return memory.encode();
}

}  // namespace

Vandal::Vandal(const WorldOptions& options, std::uint32_t client, std::uint32_t round)
    : options_(options), client_(client), values_(Random(options.seed, "vandal", client, round)) {}

ClientId Vandal::invented(std::uint32_t number) const {
  return ClientId::from_public_key(key_of(key_of(bytes_of("invented"), client_), number));
}

// Often one of a few, so that they get somewhere.
ClientId Vandal::somebody() {
  return invented(values_.below(values_.happens(0.3F) ? kInvented : 4));
}

Topic Vandal::topic() {
  const auto& sample = options_.samples[values_.below(static_cast<std::uint32_t>(options_.samples.size()))];
  Topic topic = sample.topic;
  if (values_.happens(0.8F)) topic.subject = values_.word();
  return topic;
}

Bytes Vandal::payload() {
  const auto& sample = options_.samples[values_.below(static_cast<std::uint32_t>(options_.samples.size()))];
  return values_.happens(0.2F) ? sample.payload : values_.bent(sample.payload);
}

Digest Vandal::digest() {
  return values_.happens(0.5F) ? Digest::of(key_of(values_.below(3))) : Digest::of(options_.definition);
}

// From the first number on, so that all are decided: what somebody really has, what it never had, thousands of them.
std::vector<Contribution> Vandal::contributions(const ClientId& from) {
  const bool withdraws = values_.happens(0.3F);
  const std::uint32_t count = withdraws && values_.happens(0.3F) ? 1 + values_.below(2'000) : 1 + values_.below(6);
  std::vector<Contribution> list;
  for (std::uint32_t i = 0; i < count; ++i) {
    Topic about = topic();
    if (count > 6) about.subject = std::to_string(values_.dice()());
    about.subject.resize(std::min<std::size_t>(about.subject.size(), 512));  // what is longer comes by twisting
    list.push_back(
        {from, SequenceNumber{i + 1}, Revision{values_.below(4)}, std::move(about), withdraws ? Bytes{} : payload()});
    if (utf8::objection(list.back().topic.subject, 512)) list.back().topic.subject = "class 0";
  }
  return list;
}

protocol::Body Vandal::request(const ClientId& from) {
  switch (values_.below(12)) {
    case 0:
    case 1:
      return protocol::Hello{
          "vandal", Revision{values_.below(3)}, values_.number(), {values_.number(), values_.number()}};
    case 2:
    case 3:
    case 4:
      return protocol::Contribute{contributions(from)};
    case 5: {
      const Contribution whole = contributions(from).front();
      Contribution header = whole;
      header.payload.clear();
      return protocol::Offer{whole.id(), std::move(header),
                             values_.happens(0.5F) ? whole.payload.size() : values_.number(), values_.number()};
    }
    case 6:
      return protocol::PayloadPart{digest(), values_.number(), values_.number(), values_.bytes(65'536)};
    case 7:
      return protocol::Want{Revision{values_.number()}, values_.happens(0.5F)};
    case 8:
      return protocol::WantBlob{digest(), values_.number(), static_cast<std::uint32_t>(values_.number())};
    case 9:
      return protocol::Heartbeat{Revision{values_.number()}, static_cast<std::uint32_t>(values_.number())};
    case 10:
      return protocol::StatusQuery{};
    default:
      return values_.happens(0.3F) ? answer(digest()) : protocol::Body{protocol::Goodbye{}};
  }
}

void Vandal::say(const ClientId& from, protocol::Body body, std::vector<Bytes>& said) {
  constexpr std::array kChances{0.0F, 0.02F, 0.2F};
  said.push_back(twisted({from, std::move(body)}, kChances[values_.below(kChances.size())], values_));
}

// Many come at once, or leave who never came.
void Vandal::crowd(std::vector<Bytes>& said) {
  const bool come = values_.happens(0.7F);
  const std::uint32_t first = values_.below(kInvented);
  for (std::uint32_t i = 0; i < kCrowd; ++i) {
    const ClientId one = invented((first + i) % kInvented);
    say(one, come ? protocol::Body{protocol::Hello{"crowd", Revision{}, 1}} : protocol::Body{protocol::Goodbye{}},
        said);
  }
}

std::vector<Bytes> Vandal::requests() {
  std::vector<Bytes> said;
  if (values_.happens(0.2F)) crowd(said);
  for (std::uint32_t i = 10 + values_.below(40); i > 0; --i) {
    const ClientId from = somebody();
    if (values_.happens(0.5F)) said.push_back(twisted({from, protocol::Hello{"vandal", Revision{}, 1}}, 0, values_));
    if (values_.happens(0.05F)) said.push_back(values_.bytes(65'536));
    say(from, request(from), said);
  }
  return said;
}

protocol::Body Vandal::answer(const Digest& definition) {
  const auto revision = [&] { return Revision{values_.happens(0.5F) ? values_.below(40) : values_.number()}; };
  const ClientId aggregator = invented(values_.below(3));
  const Digest of = values_.happens(0.5F) ? definition : digest();
  switch (values_.below(9)) {
    case 0:
    case 1:
      return protocol::Welcome{aggregator,
                               revision(),
                               of,
                               SequenceNumber{values_.number()},
                               static_cast<std::uint32_t>(values_.number()),
                               0,
                               values_.happens(0.5F)};
    case 2:
      return protocol::Held{of,
                            values_.number(),
                            static_cast<std::uint32_t>(values_.number()),
                            static_cast<std::uint32_t>(values_.number()),
                            values_.number(),
                            values_.happens(0.5F),
                            values_.happens(0.5F)};
    case 3:
      return protocol::Accepted{{of, digest()}, revision()};
    case 4:
      return protocol::Refused{of, "because", values_.happens(0.5F)};
    case 5: {
      protocol::Knowledge knowledge{revision(), revision(), {}};
      for (std::uint32_t i = values_.below(5); i > 0; --i) {
        const bool refers = values_.happens(0.5F);
        Topic about = topic();
        if (utf8::objection(about.subject, 512)) about.subject = "class 0";
        knowledge.entries.push_back({std::move(about), refers ? Bytes{} : payload(), refers ? digest() : Digest{},
                                     refers ? values_.number() : 0});
      }
      return knowledge;
    }
    case 6:
      return protocol::BlobChunk{of, values_.happens(0.5F) ? 0 : values_.number(), values_.number(),
                                 values_.bytes(65'536)};
    case 7:
      return protocol::Announce{aggregator, revision(), of};
    default:
      return protocol::Status{aggregator, revision(), of, {}, {}};
  }
}

std::vector<Bytes> Vandal::answers(const Digest& definition) {
  std::vector<Bytes> said;
  for (std::uint32_t i = 1 + values_.below(8); i > 0; --i) say(id_of_client(client_), answer(definition), said);
  return said;
}

std::vector<client::Lesson> Vandal::lessons() {
  std::vector<client::Lesson> list;
  for (std::uint32_t i = 1 + values_.below(3); i > 0; --i) {
    Topic about = options_.samples.front().topic;
    about.subject = values_.word();
    if (values_.happens(0.1F)) about.kind = values_.word();
    Bytes payload = this->payload();
    Bytes memory = payload.empty() ? Bytes{} : memory_of_one(options_.samples.front().payload);
    list.push_back({std::move(about), std::move(payload), std::move(memory)});
  }
  return list;
}

}  // namespace outrider::simulations
