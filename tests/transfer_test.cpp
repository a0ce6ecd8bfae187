// A network of 100 MB goes up and down over a link that is cut again and again: both ways it resumes, and every byte
// arrives. The cores, sockets and stores are those of the daemons; the family is one that takes any bytes, since
// training so large a network would take longer than moving it.
#include <chrono>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "aggregator/core/core.h"
#include "client/core/core.h"
#include "client/core/replica.h"
#include "knowledge/temporary_directory.h"
#include "protocol/transport.h"
#include "storage/store.h"
#include "tests/bad_link.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kNetworkBytes = 100'000'000;

// Takes any payload; what one client says is what is known.
class AnythingFamily : public Family {
 public:
  std::string_view kind() const override { return "anything"; }
  std::unique_ptr<Merge> make_merge() const override { return std::make_unique<AnythingMerge>(); }

 private:
  class AnythingMerge : public Merge {
   public:
    std::optional<std::string> open_space(const Digest&, ByteView) override { return std::nullopt; }
    std::unique_ptr<Decoded> read(const Contribution&) const override { return std::make_unique<Decoded>(); }
    void take(const Contribution& contribution, Decoded&) override {
      known_[contribution.topic] = contribution.payload;
    }
    void erase(const ClientId&, const Topic& topic) override { known_.erase(topic); }
    Bytes merged(const Topic& topic) const override { return known_.contains(topic) ? known_.at(topic) : Bytes{}; }

   private:
    std::map<Topic, Bytes> known_;
  };
};

Instant clock_now() {
  return std::chrono::duration_cast<Instant>(std::chrono::steady_clock::now().time_since_epoch());
}

// A core with its store and whatever sends its messages, as in the daemons: a synced commit first, then the messages.
template <typename Core, typename Effects>
class Shell {
 public:
  Shell(boost::asio::io_context& io, Store& store, Core& core) : io_(io), store_(store), core_(core), timer_(io) {}

  std::function<void(const protocol::Message&)> send;

  void take(Effects effects) {
    gathered_.append(std::move(effects));
    if (std::exchange(posted_, true)) return;
    boost::asio::post(io_, [this] { flush(); });
  }

 private:
  void flush() {
    posted_ = false;
    const Effects effects = std::exchange(gathered_, {});
    if (!effects.writes.empty()) store_.commit(effects.writes);
    for (const protocol::Message& message : effects.messages) send(message);
    const Instant now = clock_now();
    timer_.expires_after(std::clamp(core_.deadline(), now + Instant{1}, now + Instant{1000}) - now);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) take(core_.tick(clock_now()));
    });
  }

  boost::asio::io_context& io_;
  Store& store_;
  Core& core_;
  boost::asio::steady_timer timer_;
  Effects gathered_;
  bool posted_ = false;
};

using AggregatorShell = Shell<aggregator::Core, aggregator::Effects>;
using ClientShell = Shell<client::Core, client::Effects>;

std::vector<std::unique_ptr<Family>> families() {
  std::vector<std::unique_ptr<Family>> result;
  result.push_back(std::make_unique<AnythingFamily>());
  return result;
}

Bytes noise(std::size_t size) {
  Bytes bytes(size);
  std::uint64_t state = 88172645463325252ULL;
  for (std::uint8_t& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<std::uint8_t>(state);
  }
  return bytes;
}

class LargeNetwork : public ::testing::Test {
 protected:
  struct AClient {
    AClient(boost::asio::io_context& io, const std::filesystem::path& state, const std::string& name,
            const std::string& address)
        : store(open_store(state)),
          core(ClientId::from_public_key(bytes_of(name)), name, *store, Random(7, name)),
          shell(io, *store, core),
          socket(io, protocol::Address::parse(address), {},
                 {.on_message = [this](const protocol::Message& m) { shell.take(core.receive(m, clock_now())); },
                  .on_connected = [this] { shell.take(core.reconnected(clock_now())); }}) {
      shell.send = [this](const protocol::Message& message) { socket.send(message); };
      shell.take(core.tick(clock_now()));
    }
    std::unique_ptr<Store> store;
    client::Core core;
    ClientShell shell;
    protocol::DealerSocket socket;
  };

  template <typename Condition>
  bool run_until(Condition&& condition, std::chrono::seconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.restart();
      io_.run_for(20ms);
    }
    return true;
  }

  boost::asio::io_context io_;
  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_ = open_store(directory_.path() / "aggregator");
  const Bytes definition_ = to_bytes("what there is to learn");
  aggregator::Core core_{ClientId::from_public_key(bytes_of("aggregator")), *store_, families()};
  AggregatorShell shell_{io_, *store_, core_};
  protocol::RouterSocket router_{
      io_, protocol::Address::parse("tcp://127.0.0.1:*"), {}, [this](const protocol::Message& m) {
        shell_.take(core_.receive(m, clock_now()));
      }};
};

TEST_F(LargeNetwork, GoesUpAndDownOverALinkThatIsCutAgainAndAgain) {
  shell_.send = [this](const protocol::Message& message) { router_.send(message); };
  store_->commit(core_.publish(definition_, {}).writes);
  BadLink link(io_, *router_.bound_address().port, 50e6, 1200ms);
  const std::string address = "tcp://127.0.0.1:" + std::to_string(link.port());
  const Topic topic{"anything", Digest::of(definition_), "network"};
  const Bytes network = noise(kNetworkBytes);

  AClient teacher(io_, directory_.path() / "teacher", "teacher", address);
  ASSERT_TRUE(run_until([&] { return !teacher.core.definition().empty(); }, 10s));
  teacher.shell.take(teacher.core.learned({topic, network, to_bytes("memory")}, clock_now()));
  ASSERT_TRUE(run_until([&] { return teacher.core.undecided() == 0; }, 60s));
  const int cuts_going_up = link.cuts();
  EXPECT_GE(cuts_going_up, 1);
  EXPECT_LT(link.passed(), 15 * kNetworkBytes / 10);
  EXPECT_EQ(core_.revision(), Revision{2});  // publishing was the first
  EXPECT_TRUE(core_.knowledge().entries.at(0).payload == network);

  const std::uint64_t passed_before = link.passed();
  ASSERT_TRUE(run_until([&] { return teacher.core.replica() == core_.revision(); }, 60s));
  EXPECT_GE(link.cuts(), cuts_going_up + 1);
  EXPECT_LT(link.passed() - passed_before, 15 * kNetworkBytes / 10);
  EXPECT_TRUE(client::known(*teacher.store, topic) == network);
  std::cout << "sent " << passed_before << " bytes up with " << cuts_going_up << " cuts, "
            << link.passed() - passed_before << " down with " << link.cuts() - cuts_going_up << "\n";

  // A restart reads what is in parts.
  const aggregator::Core restarted(ClientId::from_public_key(bytes_of("aggregator")), *store_, families());
  EXPECT_EQ(restarted.knowledge_digest(), core_.knowledge_digest());
}

}  // namespace
}  // namespace outrider::testing
