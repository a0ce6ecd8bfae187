// For the tests: a core that learns prototypes, its store, and how to talk with it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/core/core.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "storage/memory_store.h"

namespace outrider::aggregator {

// What a test is derived from, beside GoogleTest's class. What the core says is durable before it is read.
class DrivenCore {
 protected:
  explicit DrivenCore(std::size_t dimension = 2) : dimension_(dimension) {}

  // A new core from the store, as after a restart.
  void start(const Limits& limits = {}, const Pace& pace = {}) {
    std::vector<std::unique_ptr<Family>> families;
    families.push_back(std::make_unique<PrototypicalFamily>([dimension = dimension_](ByteView) { return dimension; }));
    core_ = std::make_unique<Core>(self_, store_, families, limits, pace);
    perform(core_->publish(definition_, {}));
  }
  std::vector<protocol::Message> perform(Effects effects) {
    store_.commit(effects.writes);
    notices_ = std::move(effects.notices);
    return std::move(effects.messages);
  }
  std::vector<protocol::Message> receive(const ClientId& from, protocol::Body body) {
    return perform(core_->receive({from, std::move(body)}, now_));
  }
  // What is said to whoever it is.
  std::vector<protocol::Body> hear(const ClientId& from, protocol::Body body) {
    std::vector<protocol::Body> bodies;
    for (protocol::Message& message : receive(from, std::move(body))) bodies.push_back(std::move(message.body));
    return bodies;
  }
  Topic class_called(const std::string& name) const {
    return {std::string(kPrototypeKind), Digest::of(definition_), name};
  }
  Topic topic(std::size_t i) const { return class_called("class " + std::to_string(i)); }

  const std::size_t dimension_;
  const Bytes definition_{1, 2, 3};
  ClientId self_ = ClientId::from_public_key(bytes_of("aggregator"));
  ClientId ann_ = ClientId::from_public_key(bytes_of("ann"));
  ClientId bob_ = ClientId::from_public_key(bytes_of("bob"));
  MemoryStore store_;
  std::unique_ptr<Core> core_;
  std::vector<std::string> notices_;  // of what happened last
  Instant now_{1000};
};

}  // namespace outrider::aggregator
