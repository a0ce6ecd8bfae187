#include "client/daemon/daemon.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <exception>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include "client/core/core.h"
#include "client/daemon/incarnation.h"
#include "client/daemon/learner_mailbox.h"
#include "client/daemon/search_log.h"
#include "client/daemon/traffic_record.h"
#include "client/learner.h"
#include "client/pictures/data_folder.h"
#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "knowledge/utf8.h"
#include "protocol/limits.h"
#include "protocol/transport.h"
#include "storage/descriptors.h"
#include "storage/remember.h"

namespace outrider::client {
namespace {

protocol::KeyPair identity(Store& store) {
  return protocol::KeyPair::from_secret_key(
      remember(store, "secret key", [] { return protocol::KeyPair::generate().secret_bytes(); }));
}

// Of the calling thread, on a processor.
std::chrono::nanoseconds thread_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

class Daemon {
 public:
  explicit Daemon(DaemonOptions options)
      : options_(std::move(options)),
        store_(open_store(options_.state)),
        keys_(identity(*store_)),
        incarnation_(begin_incarnation(*store_, options_.state)),
        traffic_before_(load_traffic(*store_)),
        core_(std::make_unique<Core>(make_core())),
        search_(protocol::Address::parse(options_.aggregator).endpoint()),
        timer_(io_),
        signals_(io_, SIGINT, SIGTERM) {
    options_.learner.self = keys_.client_id();
    options_.learner.capacity = options_.capacity;
    const protocol::Address address = protocol::Address::parse(options_.aggregator);
    socket_ = std::make_unique<protocol::DealerSocket>(
        io_, address, protocol::DealerSocket::Options{.socket = {}, .keys = keys_},
        protocol::DealerSocket::Handlers{
            .on_message =
                [this](const protocol::Message& message) { act([&] { take(core_->receive(message, now())); }); },
            .on_unsupported = [this](const std::string& sentence) { stop_with(sentence); },
            .on_refused = [this](const std::string& sentence) { search_failed(sentence); },
            .on_unreachable = [this](const std::string& sentence) { search_failed(sentence); },
            .on_connected = [this] { act([&] { take(core_->reconnected(now())); }); }});
    spdlog::info("client {} ({}) looks for {}; data {}, state {}", name(), keys_.client_id().brief(),
                 address.endpoint(), options_.learner.data.string(), options_.state.string());
  }

  void run() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      spdlog::info("stopping on {}", signal == SIGINT ? "ctrl-C" : "SIGTERM");
      io_.stop();
    });
    mailbox_.show(core_->definition());
    {
      const std::jthread learner([this](const std::stop_token& stop) { learn_until(stop); });
      act([&] { take(core_->tick(now())); });
      io_.run();
    }
    if (broken_) std::rethrow_exception(broken_);
    take(core_->leave());
    flush();
    save_traffic(*store_, traffic());
    if (failure_) throw InputError(*failure_);
  }

 private:
  Core make_core() const {
    const std::uint64_t seed = std::random_device{}();  // clients must not retry in step
    return {keys_.client_id(), name(),       *store_,         Random(seed, "jitter"), {}, {},
            options_.capacity, incarnation_, OUTRIDER_VERSION};
  }

  // Runs `action` on the core. Where an invariant is broken, nothing more is written: the client stops.
  template <typename Action>
  void act(Action&& action) {
    if (broken_) return;
    try {
      action();
    } catch (const BrokenInvariant&) {
      broken_ = std::current_exception();
      gathered_ = {};
      io_.stop();
    }
  }

  void search_failed(const std::string& why) {
    if (const auto line = search_.failed(why, now())) spdlog::warn("{}", *line);
  }

  std::string name() const {
    return options_.name.empty() ? utf8::printable(boost::asio::ip::host_name()) : options_.name;
  }

  Instant now() const { return std::chrono::duration_cast<Instant>(std::chrono::steady_clock::now() - start_); }

  TrafficRecord traffic() const {
    const protocol::Traffic since = socket_->traffic();
    return {traffic_before_.sent + since.bytes_sent, traffic_before_.received + since.bytes_received};
  }

  void stop_with(const std::string& sentence) {
    failure_ = sentence;
    io_.stop();
  }

  // On the learner's thread.
  void learn_until(const std::stop_token& stop) {
    std::unique_ptr<Learner> learner;
    Digest encoder;
    std::chrono::nanoseconds spent_looking{0};
    while (!stop.stop_requested()) {
      try {
        const Digest wanted = mailbox_.wait(encoder, rest_after(spent_looking, options_.look_every), stop);
        const std::chrono::nanoseconds before = thread_time();
        taught_ = false;
        if (std::exchange(encoder, wanted) != wanted) {
          learner.reset();
          learner = make_learner(*options_.families, wanted, *store_, options_.learner);
        }
        if (learner)
          learner->learn([&](Lesson lesson, std::string report) { teach(std::move(lesson), std::move(report), stop); },
                         [&](const std::string& sentence) { complain(sentence); }, stop);
        spent_looking = taught_ ? std::chrono::nanoseconds{0} : thread_time() - before;
      } catch (const InputError& error) {
        complain(error.what());
      } catch (const BrokenInvariant&) {
        return;  // the loop ends, and says it
      } catch (const std::bad_alloc&) {
        complain("there is not memory enough to learn what is in the data folder");
      }
      earlier_complaints_ = std::exchange(complaints_, {});
    }
  }

  // On the learner's thread: hands the lesson to the loop and waits until it is durable. Throws InputError when it
  // cannot be sent.
  void teach(Lesson lesson, std::string report, const std::stop_token& stop) {
    taught_ = true;
    auto done = std::make_shared<std::promise<void>>();
    std::future<void> durable = done->get_future();
    boost::asio::post(io_, [this, done, lesson = std::move(lesson), report = std::move(report)] {
      try {
        act([&] { take(core_->learned(lesson, now())); });
      } catch (const InputError&) {
        return done->set_exception(std::current_exception());
      }
      if (broken_) return done->set_exception(broken_);
      flush();
      spdlog::info("{}", report);
      done->set_value();
    });
    while (durable.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready)
      if (stop.stop_requested()) return;  // the loop has ended; the pictures are still there
    durable.get();
  }

  // What stays wrong is complained about at the first look only.
  void complain(const std::string& sentence) {
    if (complaints_.insert(sentence).second && !earlier_complaints_.contains(sentence)) spdlog::warn("{}", sentence);
  }

  void take(Effects effects) {
    gathered_.append(std::move(effects));
    if (std::exchange(flush_posted_, true)) return;
    boost::asio::post(io_, [this] { flush(); });
  }

  void flush() {
    flush_posted_ = false;
    const Effects effects = std::exchange(gathered_, {});
    if (!effects.writes.empty() && !commit(effects.writes)) return;
    for (const protocol::Message& message : effects.messages) socket_->send(message);
    for (const std::string& notice : effects.notices) spdlog::info("{}", notice);
    if (effects.rejected) return stop_with("the aggregator turned this client away: " + *effects.rejected);
    if (effects.definition_arrived) {
      spdlog::info("received the encoder {}", core_->definition().brief());
      mailbox_.show(core_->definition());
    }
    mailbox_.show(core_->replica());
    if (core_->connected()) search_.found();
    if (std::exchange(was_connected_, core_->connected()) != core_->connected())
      spdlog::info(core_->connected() ? "connected" : "not connected");
    schedule_tick();
  }

  // What is not durable has not happened: the core is ahead of its store now, so this run ends and the next begins with
  // what the store holds.
  bool commit(const WriteSet& writes) {
    try {
      store_->commit(writes);
      return true;
    } catch (const InputError& error) {
      stop_with(std::string(error.what()) + "; stopped so that nothing is lost: start again when there is room");
      return false;
    }
  }

  void schedule_tick() {
    // Compared before anything is subtracted: what is overdue may lie at the beginning of time.
    const Instant present = now();
    timer_.expires_after(std::clamp(core_->deadline(), present + Instant{1}, present + Instant{60'000}) - present);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) act([&] { take(core_->tick(now())); });
    });
  }

  DaemonOptions options_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<Store> store_;
  protocol::KeyPair keys_;
  protocol::Incarnation incarnation_;
  TrafficRecord traffic_before_;
  std::unique_ptr<Core> core_;
  SearchLog search_;
  boost::asio::io_context io_;
  boost::asio::steady_timer timer_;
  boost::asio::signal_set signals_;
  std::unique_ptr<protocol::DealerSocket> socket_;
  LearnerMailbox mailbox_;
  Effects gathered_;
  bool flush_posted_ = false;
  bool was_connected_ = false;
  std::optional<std::string> failure_;
  std::exception_ptr broken_;                 // an invariant
  bool taught_ = false;                       // of the learner's thread: something since the last look
  std::set<std::string> complaints_;          // of the learner's thread, at this look at the data folder
  std::set<std::string> earlier_complaints_;  // and at the one before
};

}  // namespace

void run_daemon(DaemonOptions options) {
  protocol::Address::parse(options.aggregator);  // before anything is created
  protocol::check_text("the client's name (--name)", options.name);
  raise_descriptor_limit();
  require_data_folder(options.learner.data);
  Daemon(std::move(options)).run();
}

}  // namespace outrider::client
