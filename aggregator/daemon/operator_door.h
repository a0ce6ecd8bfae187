// Where an operator speaks to a running aggregator: a Unix-domain socket in its state directory, for its owner alone.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "aggregator/core/operator_messages.h"

namespace outrider::aggregator {

constexpr const char* kDoorName = "operator.socket";

// Answers one request a connection, on the loop, a few connections at a time. Closes when destroyed.
class OperatorDoor {
 public:
  using Answer = std::function<OperatorAnswer(const OperatorRequest&)>;

  // The state is held by this process: a socket that is there already is what a crash has left. Throws InputError when
  // it cannot be made.
  OperatorDoor(boost::asio::io_context& io, const std::filesystem::path& state, Answer answer);
  ~OperatorDoor();
  OperatorDoor(const OperatorDoor&) = delete;
  OperatorDoor& operator=(const OperatorDoor&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

// Nothing where no aggregator listens in this state. Throws InputError where one does and gives no answer.
std::optional<OperatorAnswer> ask_at_door(const std::filesystem::path& state, const OperatorRequest& request);

}  // namespace outrider::aggregator
