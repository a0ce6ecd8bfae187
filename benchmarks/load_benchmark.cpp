// What load a real aggregator bears: many clients that only say that they are there, and bursts of large contributions
// beside a client that asks and waits. Speaks the protocol over plain TCP, a descriptor a client. Prints JSON.
//
//     load_benchmark OUTRIDER [CLIENTS...]      # `ulimit -n` must allow for them
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knowledge/temporary_directory.h"
#include "protocol/address.h"
#include "protocol/frame.h"
#include "storage/descriptors.h"

namespace outrider {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kWatched{20};
constexpr std::chrono::seconds kHeartbeat{5};
constexpr std::chrono::milliseconds kBetweenQuestions{5};
constexpr double kQuiet = 2;  // seconds
constexpr double kLongest = 60;
constexpr std::size_t kConnectingAtOnce = 512;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// `outrider aggregator` on a new state, on this machine; ends with this object, and with this process.
class Aggregator {
 public:
  explicit Aggregator(const std::string& program) {
    const std::string address_file = directory_.path() / "address";
    const std::vector<std::string> words{program,    "aggregator",        "--state",        directory_.path() / "state",
                                         "--listen", "tcp://127.0.0.1:*", "--address-file", address_file};
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int log = ::open((directory_.path() / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(log, STDOUT_FILENO);
      ::dup2(log, STDERR_FILENO);
      std::vector<char*> arguments;
      for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
      arguments.push_back(nullptr);
      ::execv(program.c_str(), arguments.data());
      ::_exit(127);
    }
    for (int i = 0; i < 600 && text_of_file(address_file).find('\n') == std::string::npos; ++i) ::usleep(50'000);
    std::string address = text_of_file(address_file);
    if (address.empty()) throw std::runtime_error("the aggregator did not start: " + text_of_file(log()));
    address.erase(address.find_last_not_of(" \n") + 1);
    port_ = *protocol::Address::parse(address).port;
  }
  ~Aggregator() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  Aggregator(const Aggregator&) = delete;
  Aggregator& operator=(const Aggregator&) = delete;

  std::uint16_t port() const { return port_; }
  double processor_seconds() const {
    std::string stat = text_of_file(process() / "stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  double resident_mb() const {
    std::istringstream fields(text_of_file(process() / "statm"));
    double size = 0;
    double resident = 0;
    fields >> size >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
  }

 private:
  std::filesystem::path process() const { return "/proc/" + std::to_string(pid_); }
  std::filesystem::path log() const { return directory_.path() / "log"; }

  TemporaryDirectory directory_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

// A client's end without ZeroMQ: the handshake without keys, then messages of two frames each.
class Peer {
 public:
  using OnMessage = std::function<void(Peer&, const protocol::Body&)>;

  Peer(asio::io_context& io, std::uint16_t port, ClientId id, OnMessage on_message)
      : socket_(io), id_(id), on_message_(std::move(on_message)) {
    socket_.async_connect({asio::ip::address_v4::loopback(), port}, [this](const error_code& error) {
      if (error) throw std::runtime_error("cannot connect: " + error.message());
      socket_.set_option(tcp::no_delay(true));
      Bytes opening{0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0, 'N', 'U', 'L', 'L'};
      opening.resize(64);
      write(std::move(opening));
      read(64, [this](ByteView) {
        const std::string command = std::string("\x05READY\x0bSocket-Type\0\0\0\x06", 22) + "DEALER";
        Bytes ready{4, static_cast<std::uint8_t>(command.size())};
        ready.insert(ready.end(), command.begin(), command.end());
        write(std::move(ready));
        read_frame();
      });
    });
  }

  void send(protocol::Body body) {
    const protocol::Frames frames = protocol::encode_frames({id_, std::move(body)});
    Bytes bytes{1, static_cast<std::uint8_t>(frames.preamble.size())};
    bytes.insert(bytes.end(), frames.preamble.begin(), frames.preamble.end());
    bytes.push_back(2);
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(std::uint64_t{frames.body.size()} >> shift));
    bytes.insert(bytes.end(), frames.body.begin(), frames.body.end());
    write(std::move(bytes));
  }
  const ClientId& id() const { return id_; }
  bool welcome = false;
  bool closed = false;

 private:
  void write(Bytes bytes) {
    waiting_.push_back(std::move(bytes));
    if (waiting_.size() == 1) write_next();
  }
  void write_next() {
    asio::async_write(socket_, asio::buffer(waiting_.front()), [this](const error_code& error, std::size_t) {
      if (error) return end();
      waiting_.pop_front();
      if (!waiting_.empty()) write_next();
    });
  }
  template <typename Then>
  void read(std::size_t bytes, Then then) {
    input_.resize(bytes);
    asio::async_read(socket_, asio::buffer(input_), [this, then](const error_code& error, std::size_t) {
      if (error) return end();
      then(input_);
    });
  }
  void read_frame() {
    read(2, [this](ByteView head) {
      const std::uint8_t flags = head[0];
      if ((flags & 2) == 0) return read(head[1], [this, flags](ByteView body) { take(flags, body); });
      read(7, [this, flags, high = head[1]](ByteView rest) {
        std::uint64_t size = high;
        for (const std::uint8_t byte : rest) size = size << 8 | byte;
        read(size, [this, flags](ByteView body) { take(flags, body); });
      });
    });
  }
  void take(std::uint8_t flags, ByteView content) {
    if ((flags & 4) != 0) {
      if (!std::exchange(ready_, true)) send(protocol::Hello{"load", {}, 1});
    } else if ((flags & 1) != 0) {
      preamble_ = to_bytes(content);
    } else if (const auto message = protocol::decode_frames(preamble_, content);
               const auto* known = std::get_if<protocol::Message>(&message)) {
      if (std::holds_alternative<protocol::Welcome>(known->body)) welcome = true;
      on_message_(*this, known->body);
    }
    read_frame();
  }
  void end() { closed = true; }

  tcp::socket socket_;
  ClientId id_;
  OnMessage on_message_;
  std::deque<Bytes> waiting_;
  Bytes input_;
  Bytes preamble_;
  bool ready_ = false;  // the handshake is over
};

ClientId client_number(std::size_t number) {
  return ClientId::from_public_key(bytes_of("load " + std::to_string(number)));
}

// Runs the loop for so long.
void turn(asio::io_context& io, Clock::duration time) {
  io.restart();
  io.run_for(time);
}

// One after the other: says that it is there, and waits for the answer. On a thread of its own, so that it waits for
// the aggregator only.
class Questioner {
 public:
  explicit Questioner(std::uint16_t port) {
    thread_ = std::thread([this, port] {
      Peer peer(io_, port, client_number(0), [&](Peer&, const protocol::Body&) { answered(peer); });
      io_.run();
    });
  }
  ~Questioner() {
    io_.stop();
    thread_.join();
  }
  Questioner(const Questioner&) = delete;
  Questioner& operator=(const Questioner&) = delete;

  // In milliseconds, sorted, since the last call; with the time that a question waits by now.
  std::vector<double> take() {
    const std::lock_guard lock(mutex_);
    if (asked_ == Clock::time_point{}) throw std::runtime_error("the aggregator does not answer");
    std::vector<double> times = std::exchange(milliseconds_, {});
    if (waits_) times.push_back(1e3 * seconds_since(asked_));
    std::ranges::sort(times);
    return times;
  }

 private:
  void answered(Peer& peer) {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(waits_, false)) milliseconds_.push_back(1e3 * seconds_since(asked_));
    }
    timer_.expires_after(kBetweenQuestions);
    timer_.async_wait([this, &peer](const error_code& error) {
      if (error) return;
      const std::lock_guard lock(mutex_);
      asked_ = Clock::now();
      waits_ = true;
      peer.send(protocol::Heartbeat{});
    });
  }

  asio::io_context io_;
  asio::steady_timer timer_{io_};
  std::mutex mutex_;
  Clock::time_point asked_{};
  bool waits_ = false;
  std::vector<double> milliseconds_;
  std::thread thread_;
};

double at(const std::vector<double>& sorted, double share) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

nlohmann::json idle(const std::string& program, std::size_t clients) {
  const Aggregator aggregator(program);
  asio::io_context io;
  const Clock::time_point start = Clock::now();
  std::size_t welcomed = 0;
  std::deque<Peer> peers;
  const auto greet = [&](Peer& /*peer*/, const protocol::Body& body) {
    welcomed += std::holds_alternative<protocol::Welcome>(body) ? 1 : 0;
  };
  while (welcomed < clients && seconds_since(start) < 120) {
    while (peers.size() < clients && peers.size() < welcomed + kConnectingAtOnce)
      peers.emplace_back(io, aggregator.port(), client_number(1 + peers.size()), greet);
    turn(io, std::chrono::milliseconds(1));
  }
  const double connected = seconds_since(start);
  // Each once in every five seconds, evenly spread.
  const auto live = [&](Clock::duration time) {
    const Clock::time_point begin = Clock::now();
    const auto end = begin + time;
    std::size_t said = 0;
    while (Clock::now() < end) {
      const double due =
          seconds_since(begin) * static_cast<double>(clients) / std::chrono::duration<double>(kHeartbeat).count();
      for (; static_cast<double>(said) < due; ++said) {
        Peer& peer = peers[said % peers.size()];
        if (peer.welcome && !peer.closed) peer.send(protocol::Heartbeat{});
      }
      turn(io, std::chrono::milliseconds(5));
    }
  };
  live(kHeartbeat);
  Questioner questioner(aggregator.port());
  const double before = aggregator.processor_seconds();
  const Clock::time_point watched = Clock::now();
  live(kWatched);
  const double cores = (aggregator.processor_seconds() - before) / seconds_since(watched);
  const std::vector<double> times = questioner.take();
  return {{"clients", clients},
          {"welcomed", welcomed},
          {"closed", std::ranges::count(peers, true, &Peer::closed)},
          {"seconds until all were welcome", connected},
          {"cores", cores},
          {"resident MB", aggregator.resident_mb()},
          {"rendezvous ms", {{"p50", at(times, 0.5)}, {"p99", at(times, 0.99)}}}};
}

// `messages` at once, each of them from a client of its own, of `contributions` with `bytes` in all.
nlohmann::json burst(const std::string& program, std::size_t messages, std::size_t contributions, std::size_t bytes) {
  const Aggregator aggregator(program);
  asio::io_context io;
  Questioner questioner(aggregator.port());
  std::size_t answers = 0;
  Clock::time_point answered{};
  std::deque<Peer> senders;
  for (std::size_t i = 0; i < messages; ++i)
    senders.emplace_back(io, aggregator.port(), client_number(1 + i), [&](Peer&, const protocol::Body&) {
      ++answers;
      answered = Clock::now();
    });
  turn(io, std::chrono::seconds(2));
  questioner.take();
  turn(io, std::chrono::seconds(3));
  const std::vector<double> alone = questioner.take();
  const double before = aggregator.processor_seconds();
  const Clock::time_point start = Clock::now();
  for (Peer& sender : senders) {
    protocol::Contribute contribute;
    for (std::size_t i = 1; i <= contributions; ++i)
      contribute.contributions.push_back({sender.id(),
                                          SequenceNumber{i},
                                          {},
                                          {"prototype", Digest::of(bytes_of("space")), "class " + std::to_string(i)},
                                          Bytes(bytes / contributions, static_cast<std::uint8_t>(i))});
    sender.send(std::move(contribute));
  }
  const double encoded = seconds_since(start);
  answers = 0;
  // More answers than may wait are dropped, and would be asked for again: so until there are no more.
  const auto is_over = [&] {
    return answers >= messages * contributions || (answers > 0 && seconds_since(answered) > kQuiet);
  };
  while (!is_over() && seconds_since(start) < kLongest) turn(io, std::chrono::milliseconds(5));
  const double took = std::chrono::duration<double>(answered - start).count();
  const std::vector<double> beside = questioner.take();
  return {{"messages", messages},
          {"contributions in each", contributions},
          {"MB in each", static_cast<double>(bytes) / 1e6},
          {"answers", answers},
          {"seconds until the last answer", took},
          {"seconds to encode them", encoded},
          {"processor seconds", aggregator.processor_seconds() - before},
          {"rendezvous alone ms", {{"p50", at(alone, 0.5)}, {"p99", at(alone, 0.99)}, {"max", at(alone, 1)}}},
          {"rendezvous beside ms", {{"p50", at(beside, 0.5)}, {"p99", at(beside, 0.99)}, {"max", at(beside, 1)}}},
          {"ratio of p50", at(beside, 0.5) / at(alone, 0.5)},
          {"ratio of max", at(beside, 1) / at(alone, 1)}};
}

std::string processor() {
  std::istringstream lines(text_of_file("/proc/cpuinfo"));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

int run(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::fprintf(stderr, "usage: load_benchmark OUTRIDER [CLIENTS...]\n");
    return 2;
  }
  raise_descriptor_limit();
  nlohmann::json report{{"processor", processor()}, {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)}, {"program", words[0]}};
  const std::vector<std::string> sizes = words.size() > 1 ? std::vector(words.begin() + 1, words.end())
                                                          : std::vector<std::string>{"1000", "5000", "10000"};
  report["burst"] = {burst(words[0], 40, 1, 7'900'000), burst(words[0], 1, 1004, 15'600'000)};
  for (const std::string& clients : sizes) report["idle"].push_back(idle(words[0], std::stoul(clients)));
  std::printf("%s\n", report.dump(2).c_str());
  return 0;
}

}  // namespace
}  // namespace outrider

int main(int argc, char** argv) {
  try {
    return outrider::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_benchmark: %s\n", error.what());
    return 1;
  }
}
