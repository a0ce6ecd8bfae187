#include "simulations/world/client_node.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "protocol/codec.h"
#include "simulations/world/availability.h"
#include "simulations/world/hostile_packets.h"
#include "simulations/world/promises.h"

namespace outrider::simulations {
// In the order in which the aggregator's own digest takes it.
Digest replica_digest(const Store& disk) {
  Hasher hasher;
  disk.scan(Column::replica, {}, [&](ByteView key, ByteView) {
    const Topic topic = client::topic_of(key);
    hasher.field(topic.kind).field(topic.space.view()).field(topic.subject).field(client::known(disk, topic).value());
  });
  return hasher.finish();
}

ClientNode::ClientNode(std::uint32_t number, const Surroundings& around)
    : number_(number), around_(around), id_(id_of_client(number)), disk_(around.pool) {
  if (around.options.traits_of(number).hostile) misled_.emplace(around.options, number);
}

void ClientNode::wake(std::size_t step, Instant now) {
  const Instant opens = next_available(around_.options.traits_of(number_), now);
  if (opens > now && now < around_.options.mission_end()) {  // afterwards everybody is there
    around_.postman.schedule({opens, number_, EventKind::wake, step});
    return;
  }
  wanted_step_ = std::max(wanted_step_.value_or(0), static_cast<std::uint32_t>(step));
  if (down_) return;  // it will see to it when it is back
  if (!core_) boot(now);
  if (around_.options.traits_of(number_).dishonest) send_hostile_packets(now);
  if (misled_) run_riot(now);
  go_on(now);
}

void ClientNode::boot(Instant now) {
  Random dice(around_.options.seed, "clock", number_, lives_);
  const Traits& traits = around_.options.traits_of(number_);
  const Instant jump{static_cast<Instant::rep>(dice.uniform() * static_cast<float>(traits.clock_jump.count()))};
  Random nature(around_.options.seed, "drift", number_);
  clock_ = SkewedClock(now, jump, 1 + traits.drift * (2 * static_cast<double>(nature.uniform()) - 1));
  const std::string plain = name_of_client(number_);
  const std::string name = misled_ ? Vandal(around_.options, number_, 1U << 31 | lives_).name() : plain;
  core_ = start_core(id_, name, plain, disk_, Random(around_.options.seed, "jitter", number_, lives_++),
                     around_.options.parts, around_.options.capacity_of(number_));
  woken_ = now;
  apply(core_->tick(local(now)), now);
}

// Learns what has come, once it has what to learn with; rests when there is nothing more to do.
void ClientNode::go_on(Instant now) {
  if (!core_) return;
  check(now);
  if (session_ || core_->definition().empty() || !wanted_step_) return;
  if (!learned_step_ || *learned_step_ < *wanted_step_) {
    learning_step_ = *wanted_step_;
    return begin(around_.curriculum.learn(number_, learning_step_, disk_), now);
  }
  if (!has_caught_up()) return;
  Curriculum::Session session = around_.curriculum.react(number_, disk_);
  if (!session.lessons.empty()) return begin(std::move(session), now);
  const bool stays = around_.options.traits_of(number_).stays && now < around_.options.mission_end();
  if (!stays) rest(now);
}

void ClientNode::begin(Curriculum::Session session, Instant now) {
  const double rate = around_.options.traits_of(number_).pictures_per_second;
  const auto takes = static_cast<Instant::rep>(1000 * static_cast<double>(session.pictures) / rate);
  session_ = std::move(session);
  around_.postman.schedule({now + Instant(1 + takes), number_, EventKind::learned, lives_});
}

void ClientNode::learned(std::uint64_t life, Instant now) {
  if (!core_ || !session_ || life != lives_) return;
  const Curriculum::Session session = std::move(*session_);
  session_.reset();
  if (misled_ && !learn_nasty_lessons(now)) return;
  for (const client::Lesson& lesson : session.lessons) {
    said_.erase(lesson.topic);  // in doubt until it is durable
    if (!apply(core_->learned(lesson, local(now)), now)) return;
    if (around_.options.watch == Watch::full && !session.may_come_too_late)
      said_.insert_or_assign(lesson.topic, Digest::of(lesson.payload));
  }
  counts_.pictures += static_cast<std::uint32_t>(session.pictures);
  learned_step_ = learning_step_;
  go_on(now);
}

bool ClientNode::has_caught_up() const {
  return core_->connected() && core_->undecided() == 0 && core_->replica() == core_->newest();
}

void ClientNode::rest(Instant now) {
  finished_step_ = learned_step_;
  ++counts_.rendezvous;
  counts_.on_its_way += now - woken_;
  if (apply(core_->leave(), now)) core_.reset();
}

void ClientNode::receive(const Event& packet, Instant now) {
  if (!core_) {
    ++counts_.missed;
    return;
  }
  if (apply(core_->receive(protocol::decode(packet.bytes), local(now)), now)) go_on(now);
}

void ClientNode::timer(Instant now) {
  if (!core_ || core_->deadline() > local(now)) return;
  if (apply(core_->tick(local(now)), now)) go_on(now);
}

Instant ClientNode::deadline(Instant now) const {
  return core_ ? std::max(now + Instant{1}, clock_.world(core_->deadline(), now)) : kNever;
}

// Returns whether the device has survived.
bool ClientNode::apply(const client::Effects& effects, Instant now) {
  try {
    if (!effects.writes.empty()) disk_.commit(effects.writes);
  } catch (const PowerLoss&) {
    die(now);
    return false;
  }
  for (const protocol::Message& message : effects.messages) {
    if (waits_ && std::holds_alternative<protocol::Want>(message.body)) {
      question_ = message;
      continue;
    }
    around_.postman.send(number_, Direction::to_aggregator, link_, sent(message, name_of_client(number_)), now);
  }
  return true;
}

void ClientNode::crash(Instant now) {
  if (!core_) return;  // a device that is off cannot crash
  Random dice(around_.options.seed, "how a client dies", number_, counts_.crashes);
  if (dice.below(2) == 0) {
    disk_.lose_power_in_next_commit(dice());
  } else {
    die(now);
  }
}

void ClientNode::die(Instant now) {
  fall(now);
  Random dice(around_.options.seed, "how long a client is down", number_, counts_.crashes);
  around_.postman.schedule({now + Instant(1 + dice.below(30'000)), number_, EventKind::restart, counts_.crashes});
}

void ClientNode::fall(Instant now) {
  ++counts_.crashes;
  down_ = true;
  question_.reset();
  core_.reset();
  session_.reset();
  learned_step_.reset();
  counts_.on_its_way += now - woken_;
}

void ClientNode::restart(Instant now) {
  if (!down_) return;  // a script was faster
  down_ = false;
  disk_.restart();
  boot(now);
  go_on(now);
}

bool ClientNode::teach(const client::Lesson& lesson, Instant now) {
  return core_ && apply(core_->learned(lesson, local(now)), now);
}

void ClientNode::let_wait(bool waits, Instant now) {
  waits_ = waits;
  const auto question = std::exchange(question_, std::nullopt);
  if (core_ && question)
    around_.postman.send(number_, Direction::to_aggregator, link_, sent(*question, name_of_client(number_)), now);
}

void ClientNode::start_over(Instant now, std::unique_ptr<MemoryStore> backup) {
  if (core_) fall(now);
  if (backup) {
    disk_.replace(std::move(backup));
    replica_ = Revision{};
  }
  restart(now);
}

void ClientNode::check(Instant now) {
  if (around_.options.traits_of(number_).dishonest) return;  // what it sent may make answers that fool itself
  const bool begins_anew = core_->replica() == Revision{} && around_.options.forgets();
  if (core_->replica() < replica_ && !begins_anew && !std::exchange(may_go_back_, false))
    throw Violation(fmt::format("the replica of {} went from revision {} back to {}", name_of_client(number_),
                                outrider::number(replica_), outrider::number(core_->replica())));
  if (core_->replica() == replica_) return;
  replica_ = core_->replica();
  if (replica_ != core_->newest()) return;
  Bytes claim = key_of(outrider::number(replica_));
  const Digest digest = replica_digest(disk_);
  claim.insert(claim.end(), digest.bytes.begin(), digest.bytes.end());
  around_.postman.schedule({now + around_.options.weather.shortest, kAggregatorNode, EventKind::claim,
                            order_of(number_, claims_++), std::move(claim)});
}

void ClientNode::send_hostile_packets(Instant now) {
  for (const Bytes& packet : hostile_packets(around_.options.seed, number_, counts_.rendezvous,
                                             static_cast<std::uint32_t>(around_.options.clients)))
    around_.postman.send(number_, Direction::to_aggregator, link_, packet, now);
}

// Words of its user come first, so that they hold up the others if they can.
bool ClientNode::learn_nasty_lessons(Instant now) {
  Vandal vandal(around_.options, number_, 1U << 30 | learning_step_);
  return std::ranges::all_of(vandal.lessons(), [&](const client::Lesson& lesson) {
    const auto effects = taught(*core_, lesson, local(now));
    return !effects || apply(*effects, now);
  });
}

void ClientNode::run_riot(Instant now) {
  Vandal vandal(around_.options, number_, riots_++);
  misled_->suffer(vandal, now);
  if (now >= around_.options.mission_end()) return;
  for (const Bytes& request : vandal.requests())
    around_.postman.send(number_, Direction::to_aggregator, link_, request, now);
}

}  // namespace outrider::simulations
