#include "aggregator/core/operator_messages.h"

#include <utility>

#include "aggregator/core/operator.capnp.h"
#include "knowledge/wire.h"

namespace outrider::aggregator {
namespace {

constexpr wire::Limits kOperatorLimits{.bytes = kMostOperatorBytes, .nesting = 8};

void write_account(const Account& account, wire::Account::Builder builder) {
  builder.setId(wire::data(account.id.view()));
  builder.setName(wire::text(account.name));
  builder.setConnected(account.connected);
  builder.setSeen(account.seen);
  builder.setAccepted(account.accepted);
  builder.setTopics(account.topics);
  auto taught = builder.initTaught(static_cast<unsigned>(account.taught.size()));
  for (unsigned i = 0; i < taught.size(); ++i) {
    const Taught& one = account.taught[i];
    taught[i].setKind(wire::text(one.topic.kind));
    taught[i].setSpace(wire::data(one.topic.space.view()));
    taught[i].setSubject(wire::text(one.topic.subject));
    taught[i].setPictures(one.pictures);
  }
}

Account read_account(wire::Account::Reader reader) {
  Account account{ClientId::from_bytes(wire::view(reader.getId())),
                  wire::text(reader.getName()),
                  reader.getConnected(),
                  reader.getSeen(),
                  reader.getAccepted(),
                  reader.getTopics(),
                  {}};
  for (const auto taught : reader.getTaught())
    account.taught.push_back({{wire::text(taught.getKind()), Digest::from_bytes(wire::view(taught.getSpace())),
                               wire::text(taught.getSubject())},
                              taught.getPictures()});
  return account;
}

struct RequestWriter {
  wire::OperatorRequest::Builder builder;

  void operator()(const ListClients& list) { builder.setList(wire::data(list.after.view())); }
  void operator()(const ShowClient& show) { builder.setShow(wire::text(show.who)); }
  void operator()(const RemoveClient& remove) {
    auto removal = builder.initRemove();
    removal.setWho(wire::text(remove.who));
    removal.setForget(remove.forget);
  }
  void operator()(const ForgetClass& forget) { builder.setForget(wire::text(forget.name)); }
  void operator()(const ListForgettings&) { builder.setForgettings(); }
};

struct AnswerWriter {
  wire::OperatorAnswer::Builder builder;

  void operator()(const Failed& failed) { builder.setFailed(wire::text(failed.why)); }
  void operator()(const Clients& clients) {
    auto answer = builder.initClients();
    auto accounts = answer.initAccounts(static_cast<unsigned>(clients.accounts.size()));
    for (unsigned i = 0; i < accounts.size(); ++i) write_account(clients.accounts[i], accounts[i]);
    answer.setMore(clients.more);
  }
  void operator()(const Removed& removed) { write_account(removed.account, builder.initRemoved()); }
  void operator()(const Forgotten& forgotten) {
    auto answer = builder.initForgotten();
    answer.setContributions(forgotten.contributions);
    answer.setClients(forgotten.clients);
  }
  void operator()(const Forgettings& forgettings) {
    auto list = builder.initForgettings(static_cast<unsigned>(forgettings.all.size()));
    for (unsigned i = 0; i < list.size(); ++i) {
      list[i].setWhen(forgettings.all[i].when);
      list[i].setWhat(wire::text(forgettings.all[i].what));
      list[i].setContributions(forgettings.all[i].contributions);
    }
  }
};

}  // namespace

Bytes encode(const OperatorRequest& request) {
  capnp::MallocMessageBuilder message;
  std::visit(RequestWriter{message.initRoot<wire::OperatorRequest>()}, request);
  return wire::flatten(message);
}

Bytes encode(const OperatorAnswer& answer) {
  capnp::MallocMessageBuilder message;
  std::visit(AnswerWriter{message.initRoot<wire::OperatorAnswer>()}, answer);
  return wire::flatten(message);
}

OperatorRequest decode_request(ByteView bytes) {
  return wire::read<wire::OperatorRequest>(
      bytes, "the operator's request",
      [](wire::OperatorRequest::Reader reader) -> OperatorRequest {
        switch (reader.which()) {
          case wire::OperatorRequest::LIST:
            return ListClients{ClientId::from_bytes(wire::view(reader.getList()))};
          case wire::OperatorRequest::SHOW:
            return ShowClient{wire::text(reader.getShow())};
          case wire::OperatorRequest::REMOVE:
            return RemoveClient{wire::text(reader.getRemove().getWho()), reader.getRemove().getForget()};
          case wire::OperatorRequest::FORGET:
            return ForgetClass{wire::text(reader.getForget())};
          case wire::OperatorRequest::FORGETTINGS:
            return ListForgettings{};
          default:
            throw InputError("the aggregator's version does not know what is asked of it");
        }
      },
      kOperatorLimits);
}

OperatorAnswer decode_answer(ByteView bytes) {
  return wire::read<wire::OperatorAnswer>(
      bytes, "the aggregator's answer",
      [](wire::OperatorAnswer::Reader reader) -> OperatorAnswer {
        switch (reader.which()) {
          case wire::OperatorAnswer::FAILED:
            return Failed{wire::text(reader.getFailed())};
          case wire::OperatorAnswer::CLIENTS: {
            Clients clients{{}, reader.getClients().getMore()};
            for (const auto account : reader.getClients().getAccounts())
              clients.accounts.push_back(read_account(account));
            return clients;
          }
          case wire::OperatorAnswer::REMOVED:
            return Removed{read_account(reader.getRemoved())};
          case wire::OperatorAnswer::FORGOTTEN:
            return Forgotten{reader.getForgotten().getContributions(), reader.getForgotten().getClients()};
          case wire::OperatorAnswer::FORGETTINGS: {
            Forgettings forgettings;
            for (const auto one : reader.getForgettings())
              forgettings.all.push_back({one.getWhen(), wire::text(one.getWhat()), one.getContributions()});
            return forgettings;
          }
          default:
            throw InputError("the aggregator answers what this version does not know");
        }
      },
      kOperatorLimits);
}

}  // namespace outrider::aggregator
