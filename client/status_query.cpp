#include "client/status_query.h"

#include <optional>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "knowledge/error.h"
#include "protocol/transport.h"

namespace outrider::client {

protocol::Status query_status(const std::string& aggregator, std::chrono::milliseconds patience) {
  const protocol::Address address = protocol::Address::parse(aggregator);
  const protocol::KeyPair keys = protocol::KeyPair::generate();
  boost::asio::io_context io;
  std::optional<protocol::Status> status;
  std::optional<std::string> refusal;
  const auto refuse = [&](const std::string& sentence) {
    refusal = sentence;
    io.stop();
  };
  protocol::DealerSocket socket(io, address, {.socket = {}, .keys = keys},
                                {.on_message =
                                     [&](protocol::Message message) {
                                       if (auto* answer = std::get_if<protocol::Status>(&message.body)) {
                                         status = std::move(*answer);
                                         io.stop();
                                       }
                                     },
                                 .on_unsupported = refuse,
                                 .on_refused = refuse});
  socket.send({keys.client_id(), protocol::StatusQuery{}});
  io.run_for(patience);
  if (refusal) throw InputError(*refusal);
  if (!status)
    throw InputError("no aggregator answered at " + address.endpoint() + " within " +
                     std::to_string(patience.count() / 1000) + " seconds");
  return *std::move(status);
}

}  // namespace outrider::client
