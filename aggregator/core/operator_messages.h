// What an operator asks of an aggregator and what it answers, as values and as bytes.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "aggregator/core/decision.h"
#include "knowledge/contribution.h"

namespace outrider::aggregator {

struct Taught {
  Topic topic;
  std::uint64_t pictures = 0;  // 0: this kind of knowledge does not tell

  bool operator==(const Taught&) const = default;
};

// What an aggregator has of a client.
struct Account {
  ClientId id;
  std::string name;
  bool connected = false;
  std::uint64_t seen = 0;      // seconds since 1970; 0: not known
  std::uint64_t accepted = 0;  // contributions
  std::uint64_t topics = 0;    // that it contributes to now
  std::vector<Taught> taught;  // these, where one client was asked for

  bool operator==(const Account&) const = default;
};

struct ListClients {
  ClientId after{};
  bool operator==(const ListClients&) const = default;
};
struct ShowClient {
  std::string who;  // the beginning of its id, at least kShortestPrefix digits, or its name
  bool operator==(const ShowClient&) const = default;
};
struct RemoveClient {
  std::string who;
  bool forget = false;  // take back all that it taught
  bool operator==(const RemoveClient&) const = default;
};
struct ForgetClass {
  std::string name;  // at most kMostWho bytes
  bool operator==(const ForgetClass&) const = default;
};
struct ListForgettings {
  bool operator==(const ListForgettings&) const = default;
};
using OperatorRequest = std::variant<ListClients, ShowClient, RemoveClient, ForgetClass, ListForgettings>;

struct Failed {
  std::string why;
  bool operator==(const Failed&) const = default;
};
struct Clients {
  std::vector<Account> accounts;
  bool more = false;  // there are clients behind the last of these
  bool operator==(const Clients&) const = default;
};
struct Removed {
  Account account;
  bool operator==(const Removed&) const = default;
};
// How much was taken back.
struct Forgotten {
  std::uint64_t contributions = 0;
  std::uint64_t clients = 0;
  bool operator==(const Forgotten&) const = default;
};
struct Forgettings {
  std::vector<Forgetting> all;  // the oldest first
  bool operator==(const Forgettings&) const = default;
};
using OperatorAnswer = std::variant<Failed, Clients, Removed, Forgotten, Forgettings>;

constexpr std::size_t kShortestPrefix = 4;
constexpr std::size_t kMostWho = 256;                              // bytes
constexpr std::size_t kMostAccounts = 1000;                        // in one answer
constexpr std::size_t kMostOperatorBytes = std::size_t{64} << 20;  // of a message

Bytes encode(const OperatorRequest& request);
Bytes encode(const OperatorAnswer& answer);
// Throw InputError where the bytes are none, or one that this version does not know.
OperatorRequest decode_request(ByteView bytes);
OperatorAnswer decode_answer(ByteView bytes);

}  // namespace outrider::aggregator
