#include "aggregator/daemon/operator_service.h"

#include <chrono>
#include <utility>

#include "aggregator/daemon/identity.h"
#include "aggregator/daemon/operator_door.h"
#include "knowledge/error.h"

namespace outrider::aggregator {
namespace {

Bytes to_be_erased() {
  return to_bytes("to be erased");
}

struct Service {
  Core& core;
  Instant now;
  Effects effects = {};

  OperatorAnswer operator()(const ListClients& list) { return core.accounts(list.after, now); }
  OperatorAnswer operator()(const ShowClient& show) {
    return Clients{{core.account(core.client_called(show.who), now)}, false};
  }
  OperatorAnswer operator()(const RemoveClient& removal) {
    const ClientId id = core.client_called(removal.who);
    Account account = core.account(id, now);
    effects = core.remove(id, removal.forget, now);
    if (removal.forget) effects.writes.put(Column::meta, to_be_erased(), to_bytes(id.view()));
    return Removed{std::move(account)};
  }
  OperatorAnswer operator()(const ForgetClass& forget) {
    auto [taken_back, forgotten] = core.forget_class(forget.name, now);
    effects = std::move(taken_back);
    effects.writes.put(Column::meta, to_be_erased(), to_bytes("a class"));
    return forgotten;
  }
  OperatorAnswer operator()(const ListForgettings&) { return Forgettings{core.forgettings()}; }
};

OperatorAnswer serve_at_rest(const std::filesystem::path& state, const OperatorRequest& request,
                             const ServerFamilies& families) {
  if (!std::filesystem::is_regular_file(state / "CURRENT"))
    throw InputError("there is no aggregator's state in '" + state.string() + "'; expected the directory that " +
                     "`outrider aggregator --state` was given");
  const std::unique_ptr<Store> store = open_store(state);
  if (!is_aggregators(*store))
    throw InputError("'" + state.string() + "' is no aggregator's state, or that of one that nobody has come to yet");
  const Self self = self_of(identity(*store));
  Pace pace;
  pace.started = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  Core core(self.id, *store, families.make(self), {}, pace);
  OperatorAnswer answer =
      serve_operator(core, request, Instant{0}, [&](const Effects& effects) { store->commit(effects.writes); });
  erase_what_is_taken_back(*store);
  return answer;
}

}  // namespace

OperatorAnswer serve_operator(Core& core, const OperatorRequest& request, Instant now,
                              const std::function<void(Effects)>& commit) {
  Service service{core, now};
  OperatorAnswer answer;
  try {
    answer = std::visit(service, request);
  } catch (const InputError& error) {
    return Failed{error.what()};
  }
  if (!service.effects.writes.empty()) commit(std::move(service.effects));
  return answer;
}

void erase_what_is_taken_back(Store& store) {
  const auto client = store.get(Column::meta, to_be_erased());
  if (!client) return;
  store.purge();
  WriteSet done;
  done.erase(Column::meta, to_be_erased());
  store.commit(done);
}

OperatorAnswer ask_operator(const std::filesystem::path& state, const OperatorRequest& request,
                            const ServerFamilies& families) {
  std::optional<OperatorAnswer> answer = ask_at_door(state, request);
  if (!answer) answer = serve_at_rest(state, request, families);
  if (const auto* failed = std::get_if<Failed>(&*answer)) throw InputError(failed->why);
  return *std::move(answer);
}

}  // namespace outrider::aggregator
