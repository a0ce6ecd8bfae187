#include "aggregator/daemon/daemon.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include "aggregator/daemon/identity.h"
#include "aggregator/daemon/operator_door.h"
#include "aggregator/daemon/operator_service.h"
#include "aggregator/daemon/turns.h"
#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "protocol/host_addresses.h"
#include "protocol/rate_limited_log.h"
#include "protocol/transport.h"
#include "storage/descriptors.h"

namespace outrider::aggregator {
namespace {

constexpr std::size_t kDescriptorsOfSockets = 24;  // ZeroMQ's own, and listeners
constexpr std::size_t kFewestConnections = 4;
// What shares one synced write, at most.
constexpr std::size_t kGroupMessages = 256;
constexpr std::size_t kGroupBytes = 2u << 20;
constexpr std::chrono::milliseconds kGroupTime{10};
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{10'000};

class Daemon {
 public:
  explicit Daemon(DaemonOptions options)
      : options_(std::move(options)),
        store_(open_store(options_.state)),
        keys_(identity(*store_)),
        core_(make_core()),
        timer_(io_),
        signals_(io_, SIGINT, SIGTERM) {
    erase_what_is_taken_back(*store_);
    if (const Effects effects = core_->merge_by_rules(); !effects.writes.empty()) store_->commit(effects.writes);
    if (options_.pretrained) publish(*options_.pretrained);
    door_.emplace(io_, options_.state, [this](const OperatorRequest& request) { return serve(request); });
    listen(protocol::Address::parse(options_.listen));
  }

  void run() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      spdlog::info("stopping on {}", signal == SIGINT ? "ctrl-C" : "SIGTERM");
      io_.stop();
    });
    schedule_tick();
    io_.run();
    guarded([this] { flush(); });
    if (broken_) std::rethrow_exception(broken_);
  }

 private:
  std::unique_ptr<Core> make_core() const {
    Pace pace = options_.pace;
    pace.started = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch() -
                                                         (std::chrono::steady_clock::now() - start_))
            .count());
    auto core = std::make_unique<Core>(keys_.client_id(), *store_, options_.families->make(self_of(keys_)),
                                       options_.limits, pace);
    for (const std::string& complaint : core->complaints()) spdlog::warn("{}", complaint);
    return core;
  }

  void publish(const std::filesystem::path& file) {
    Published published = options_.families->read(file);
    const Digest given = Digest::of(published.definition);
    require(options_.replace || core_->definition().empty() || core_->definition() == given,
            "the state's clients learn with " + core_->definition().brief() + ", and " + file.string() +
                " is another one, " + given.brief() +
                ": leave --pretrained out, or add --replace, and all clients learn anew with that one");
    Effects effects;
    try {
      effects = core_->publish(std::move(published.definition), published.base);
    } catch (const InputError& error) {
      throw InputError("what clients are to learn with, " + file.string() + ", cannot be used: " + error.what());
    }
    if (!effects.writes.empty()) store_->commit(effects.writes);
  }

  // As many as there are descriptors for beside those that are in use and what the store may need.
  static std::size_t connections() {
    const std::size_t limit = descriptor_limit();
    const std::size_t taken = descriptors_in_use() + descriptors_of_store(limit) + kDescriptorsOfSockets;
    if (limit < taken + kFewestConnections)
      throw InputError("this process may have " + std::to_string(limit) + " files and connections open, but needs " +
                       std::to_string(taken + kFewestConnections) + " to serve anyone: raise the limit (ulimit -n)");
    return std::min(limit - taken, protocol::kMostConnections);
  }

  OperatorAnswer serve(const OperatorRequest& request) {
    OperatorAnswer answer = Failed{"the aggregator cannot write to its store now; its log says why"};
    guarded([&] {
      flush();
      answer = serve_operator(*core_, request, now(), [this](Effects effects) {
        take(std::move(effects));
        flush();
        erase_what_is_taken_back(*store_);
      });
    });
    return answer;
  }

  void listen(const protocol::Address& address) {
    protocol::RouterSocket::Options socket;
    if (!address.loopback()) socket.curve = protocol::CurveServer{keys_, [](ByteView) { return true; }};
    socket.connections = connections();
    socket.has_room = [this] { return turns_.has_room(); };
    router_ =
        std::make_unique<protocol::RouterSocket>(io_, address, std::move(socket), [this](protocol::Message message) {
          if (!turns_.add(std::move(message)))
            crowded_.warn("dropped a message of a client for whom too much waits already; it will send it again");
          serve_soon();
        });
    const protocol::Status status = core_->status(now());
    spdlog::info(
        "listening on {} with {} topics at revision {}, encoder {}", router_->bound_endpoint(), status.all_topics,
        number(status.revision),
        status.definition.empty() ? "none (clients wait for one; see --pretrained)" : status.definition.brief());
    std::vector<std::string> addresses;
    for (const protocol::Address& reachable : protocol::reachable_as(router_->bound_address()))
      addresses.push_back(reachable.text());
    if (options_.on_ready) options_.on_ready(addresses);
  }

  Instant now() const { return std::chrono::duration_cast<Instant>(std::chrono::steady_clock::now() - start_); }

  // Runs `handle` on the core. Whatever it cannot do, or cannot read from the store, must not end the aggregator: the
  // core begins anew from what is durable, and what was not acknowledged is sent again.
  template <typename Handle>
  void guarded(Handle&& handle) {
    if (!core_) return;  // it waits for its store: nothing can be answered
    try {
      handle();
    } catch (const BrokenInvariant&) {  // nobody knows what it would decide next
      stop_for_good();
    } catch (const std::exception& error) {
      start_over(error.what());
    }
  }

  // An invariant is broken: nothing more is written. In the handler of the exception.
  void stop_for_good() {
    broken_ = std::current_exception();
    gathered_ = {};
    core_.reset();
    io_.stop();
  }

  void serve_soon() {
    if (std::exchange(serve_posted_, true)) return;
    boost::asio::post(io_, [this] {
      serve_posted_ = false;
      serve_waiting();
    });
  }

  // Answers what waits, each client in its turn, until enough has gathered for one synced write: what has come
  // meanwhile is received before the next.
  void serve_waiting() {
    if (!core_) turns_ = Turns();  // nothing can be answered, so it will be sent again
    const auto begin = std::chrono::steady_clock::now();
    auto before = begin;
    std::size_t messages = 0;
    std::size_t bytes = 0;
    guarded([&] {
      while (auto message = turns_.next()) {
        Effects effects = core_->receive(*message, now());
        const auto after = std::chrono::steady_clock::now();
        turns_.spent(std::chrono::duration_cast<Turns::Duration>(after - std::exchange(before, after)));
        for (const WriteSet::Operation& write : effects.writes.operations)
          bytes += write.key.size() + (write.value ? write.value->size() : 0);
        gathered_.append(std::move(effects));
        if (++messages == kGroupMessages || bytes > kGroupBytes || after - begin > kGroupTime) break;
      }
      flush();
    });
    router_->resume();
    if (!turns_.is_empty()) serve_soon();
  }

  void take(Effects effects) {
    gathered_.append(std::move(effects));
    flush();
  }

  void flush() {
    const Effects effects = std::exchange(gathered_, {});
    if (!effects.writes.empty()) {
      store_->commit(effects.writes);
      pause_ = kFirstPause;
    }
    for (const std::string& notice : effects.notices) spdlog::info("{}", notice);
    for (const protocol::Message& message : effects.messages) router_->send(message);
    schedule_tick();
  }

  // Nothing is acknowledged that is not durable: after a failed write the core is ahead of its store, so it forgets
  // what it had decided. It comes back after a pause that doubles for as long as it fails.
  void start_over(const std::string& why) {
    spdlog::error("{}; nothing was acknowledged, clients will send it again", why);
    core_.reset();
    gathered_ = {};
    come_back_after_pause();
  }

  void come_back_after_pause() {
    timer_.expires_after(std::exchange(pause_, std::min(2 * pause_, kLongestPause)));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      try {
        store_->commit({});  // where the failed write has left it closed
        core_ = make_core();
        spdlog::info("goes on at revision {}", number(core_->revision()));
        schedule_tick();
      } catch (const BrokenInvariant&) {
        stop_for_good();
      } catch (const std::exception& failure) {
        spdlog::error("{}; tries again", failure.what());
        core_.reset();
        come_back_after_pause();
      }
    });
  }

  void schedule_tick() {
    // Compared before anything is subtracted: what is overdue may lie at the beginning of time.
    const Instant present = now();
    const Instant heartbeat = std::chrono::seconds(options_.pace.heartbeat_seconds);
    timer_.expires_after(std::clamp(core_->deadline(), present, present + heartbeat) - present);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      guarded([this] { take(core_->tick(now())); });
    });
  }

  DaemonOptions options_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<Store> store_;
  protocol::KeyPair keys_;
  std::unique_ptr<Core> core_;
  boost::asio::io_context io_;
  boost::asio::steady_timer timer_;
  boost::asio::signal_set signals_;
  std::unique_ptr<protocol::RouterSocket> router_;
  std::optional<OperatorDoor> door_;
  Effects gathered_;
  Turns turns_;
  protocol::RateLimitedLog crowded_;
  bool serve_posted_ = false;
  std::exception_ptr broken_;                      // an invariant
  std::chrono::milliseconds pause_ = kFirstPause;  // before the core comes back
};

}  // namespace

void run_daemon(DaemonOptions options) {
  raise_descriptor_limit();
  Daemon(std::move(options)).run();
}

}  // namespace outrider::aggregator
