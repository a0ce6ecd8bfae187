#include "aggregator/daemon.h"

#include <chrono>
#include <csignal>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include "knowledge/error.h"
#include "learners/averaging/merge.h"
#include "learners/encoders/encoder.h"
#include "learners/growing/merge.h"
#include "learners/prototypical/merge.h"
#include "learners/prototypical/pretrained.h"
#include "learners/supermask/merge.h"
#include "protocol/transport.h"
#include "storage/remember.h"

namespace outrider::aggregator {
namespace {

std::vector<std::unique_ptr<Family>> all_families(const averaging::RoundRules& rounds) {
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(
      std::make_unique<PrototypicalFamily>([](ByteView encoder) { return Encoder::decode(encoder).dimension(); }));
  families.push_back(std::make_unique<SupermaskFamily>());
  families.push_back(std::make_unique<averaging::AveragingFamily>(rounds));
  families.push_back(std::make_unique<growing::GrowingFamily>());
  return families;
}

protocol::KeyPair identity(Store& store) {
  return protocol::KeyPair::from_secret_key(
      remember(store, "secret key", [] { return protocol::KeyPair::generate().secret_bytes(); }));
}

class Daemon {
 public:
  explicit Daemon(DaemonOptions options)
      : options_(std::move(options)),
        store_(open_store(options_.state)),
        keys_(identity(*store_)),
        core_(make_core()),
        timer_(io_),
        signals_(io_, SIGINT, SIGTERM) {
    if (options_.pretrained) publish(*options_.pretrained);
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
    flush();
  }

 private:
  std::unique_ptr<Core> make_core() const {
    return std::make_unique<Core>(keys_.client_id(), *store_, all_families(options_.rounds), options_.limits,
                                  options_.pace);
  }

  void publish(const std::filesystem::path& file) {
    Pretrained pretrained = load_pretrained(file);
    std::vector<BaseKnowledge> base;
    for (const auto& [subject, state] : pretrained.classes)
      base.push_back({std::string(kPrototypeKind), subject, encode(state)});
    Effects effects;
    try {
      effects = core_->publish(std::move(pretrained.encoder), base);
    } catch (const InputError& error) {
      throw InputError("what clients are to learn with, " + file.string() + ", cannot be used: " + error.what());
    }
    if (!effects.writes.empty()) store_->commit(effects.writes);
  }

  void listen(const protocol::Address& address) {
    protocol::RouterSocket::Options socket;
    if (!address.loopback()) socket.curve = protocol::CurveServer{keys_, [](ByteView) { return true; }};
    router_ = std::make_unique<protocol::RouterSocket>(
        io_, address, std::move(socket),
        [this](const protocol::Message& message) { take(core_->receive(message, now())); });
    const protocol::Status status = core_->status(now());
    spdlog::info("listening on {} with {} topics at revision {}, encoder {}", router_->bound_endpoint(),
                 status.topics.size(), number(status.revision),
                 status.encoder.empty() ? "none (clients wait for one; see --pretrained)" : status.encoder.brief());
    if (options_.on_ready) options_.on_ready(router_->bound_address().text());
  }

  Instant now() const { return std::chrono::duration_cast<Instant>(std::chrono::steady_clock::now() - start_); }

  // Effects gather until the loop has handed out every message that waits: they share one synced write.
  void take(Effects effects) {
    gathered_.append(std::move(effects));
    if (std::exchange(flush_posted_, true)) return;
    boost::asio::post(io_, [this] { flush(); });
  }

  void flush() {
    flush_posted_ = false;
    const Effects effects = std::exchange(gathered_, {});
    if (!effects.writes.empty() && !commit(effects.writes)) return;
    for (const std::string& notice : effects.notices) spdlog::info("{}", notice);
    for (const protocol::Message& message : effects.messages) router_->send(message);
    schedule_tick();
  }

  // Nothing is acknowledged that is not durable: after a failed write the core forgets what it had decided.
  bool commit(const WriteSet& writes) {
    try {
      store_->commit(writes);
      return true;
    } catch (const InputError& error) {
      spdlog::error("{}; nothing was acknowledged, clients will send it again", error.what());
      core_ = make_core();
      schedule_tick();
      return false;
    }
  }

  void schedule_tick() {
    const Instant deadline = core_->deadline();
    timer_.cancel();
    if (deadline == kNever) return;
    timer_.expires_after(std::max(deadline - now(), Instant{0}));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) take(core_->tick(now()));
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
  Effects gathered_;
  bool flush_posted_ = false;
};

}  // namespace

void run_daemon(DaemonOptions options) {
  Daemon(std::move(options)).run();
}

}  // namespace outrider::aggregator
