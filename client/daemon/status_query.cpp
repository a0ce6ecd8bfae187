#include "client/daemon/status_query.h"

#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "knowledge/error.h"
#include "protocol/probe.h"
#include "protocol/transport.h"

namespace outrider::client {
namespace {

constexpr int kMostPages = 2000;

// Joins a page to those before it. Returns what to ask for next; nothing: that was the last.
std::optional<protocol::StatusQuery> join(std::optional<protocol::Status>& whole, protocol::Status page) {
  if (!whole) {
    whole = std::move(page);
  } else {
    std::ranges::move(page.clients, std::back_inserter(whole->clients));
    std::ranges::move(page.topics, std::back_inserter(whole->topics));
    whole->more_clients = page.more_clients;
    whole->more_topics = page.more_topics;
  }
  if (!whole->more_clients && !whole->more_topics) return std::nullopt;
  protocol::StatusQuery next;
  if (!whole->clients.empty()) next.clients_after = whole->clients.back().client;
  if (!whole->topics.empty()) next.topics_after = whole->topics.back().topic;
  return next;
}

// Why nothing came, as a sentence.
std::string reason(const protocol::Address& address, const std::string& unreachable) {
  if (!unreachable.empty()) return unreachable;
  // A connection is there, or seems to be.
  boost::asio::io_context io;
  std::string found = "there is a connection, but no answer came";
  const auto probe = protocol::Probe::start(io, address, [&](const protocol::Finding& finding) {
    if (finding.what != protocol::Finding::What::right_kind) found = sentence(finding, address);
  });
  io.run();
  return found;
}

}  // namespace

protocol::Status query_status(const std::string& aggregator, std::chrono::milliseconds patience) {
  const protocol::Address address = protocol::Address::parse(aggregator);
  const protocol::KeyPair keys = protocol::KeyPair::generate();
  boost::asio::io_context io;
  std::optional<protocol::Status> status;
  std::optional<std::string> refusal;
  bool complete = false;
  int pages = 0;
  std::string unreachable;
  const auto refuse = [&](const std::string& sentence) {
    refusal = sentence;
    io.stop();
  };
  protocol::DealerSocket* asking = nullptr;
  protocol::DealerSocket socket(io, address, {.socket = {}, .keys = keys},
                                {.on_message =
                                     [&](protocol::Message message) {
                                       auto* answer = std::get_if<protocol::Status>(&message.body);
                                       if (answer == nullptr) return;
                                       const auto next = join(status, std::move(*answer));
                                       complete = !next;
                                       if (!next || ++pages == kMostPages) return io.stop();
                                       asking->send({keys.client_id(), *next});
                                     },
                                 .on_unsupported = refuse,
                                 .on_refused = refuse,
                                 .on_unreachable = [&](const std::string& sentence) { unreachable = sentence; }});
  asking = &socket;
  socket.send({keys.client_id(), protocol::StatusQuery{}});
  for (int heard = -1; !complete && !refusal && pages < kMostPages && heard != pages;) {
    heard = pages;
    io.restart();
    io.run_for(patience);  // for each page
  }
  if (refusal) throw InputError(*refusal);
  if (!status)
    throw InputError("no aggregator answered at " + address.endpoint() + " within " +
                     std::to_string(patience.count() / 1000) + " seconds: " + reason(address, unreachable));
  return *std::move(status);
}

}  // namespace outrider::client
