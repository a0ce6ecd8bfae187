#include "aggregator/daemon/operator_door.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "knowledge/error.h"

namespace outrider::aggregator {
namespace {

namespace fs = std::filesystem;
using boost::asio::local::stream_protocol;
using Error = boost::system::error_code;

constexpr std::size_t kMostRequestBytes = 64 << 10;
constexpr std::size_t kMostVisitors = 8;  // at a time
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kPatienceOfAsking{120};  // much may have to be erased

using Length = std::array<std::uint8_t, 4>;

Length length_of(const Bytes& message) {
  const std::size_t size = message.size();
  return {static_cast<std::uint8_t>(size >> 24), static_cast<std::uint8_t>(size >> 16),
          static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
}

std::size_t size_of(const Length& length) {
  return std::size_t{length[0]} << 24 | std::size_t{length[1]} << 16 | std::size_t{length[2]} << 8 | length[3];
}

// A directory by a short name: the address of a socket holds 107 bytes, the path of a state may be longer.
class ShortDirectory {
 public:
  explicit ShortDirectory(const fs::path& path) : descriptor_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}
  ~ShortDirectory() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  ShortDirectory(const ShortDirectory&) = delete;
  ShortDirectory& operator=(const ShortDirectory&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  std::string door() const { return "/proc/self/fd/" + std::to_string(descriptor_) + "/" + kDoorName; }

 private:
  int descriptor_;
};

bool is_owner(stream_protocol::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

// One request and its answer. Keeps itself alive until it is done, or nobody has moved for a while.
class Visit : public std::enable_shared_from_this<Visit> {
 public:
  Visit(stream_protocol::socket socket, std::shared_ptr<const OperatorDoor::Answer> answer,
        std::shared_ptr<std::size_t> visitors)
      : socket_(std::move(socket)),
        patience_(socket_.get_executor(), kPatience),
        answer_(std::move(answer)),
        visitors_(std::move(visitors)) {
    ++*visitors_;
  }
  ~Visit() { --*visitors_; }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  void begin() {
    patience_.async_wait([self = shared_from_this()](const Error& error) {
      Error ignored;
      if (!error) self->socket_.close(ignored);
    });
    boost::asio::async_read(socket_, boost::asio::buffer(length_),
                            [self = shared_from_this()](const Error& error, std::size_t) {
                              if (error || size_of(self->length_) > kMostRequestBytes) return self->end();
                              self->read_request();
                            });
  }

 private:
  void read_request() {
    message_.resize(size_of(length_));
    boost::asio::async_read(socket_, boost::asio::buffer(message_),
                            [self = shared_from_this()](const Error& error, std::size_t) {
                              if (error) return self->end();
                              self->answer();
                            });
  }

  void answer() {
    try {
      message_ = encode((*answer_)(decode_request(message_)));
    } catch (const InputError& error) {
      message_ = encode(OperatorAnswer{Failed{error.what()}});
    }
    if (message_.size() > kMostOperatorBytes)
      message_ = encode(OperatorAnswer{Failed{"it is done, but the answer is too long to be sent"}});
    length_ = length_of(message_);
    patience_.expires_after(kPatience);
    patience_.async_wait([self = shared_from_this()](const Error& error) {
      Error ignored;
      if (!error) self->socket_.close(ignored);
    });
    const std::array<boost::asio::const_buffer, 2> all{boost::asio::buffer(length_), boost::asio::buffer(message_)};
    boost::asio::async_write(socket_, all, [self = shared_from_this()](const Error&, std::size_t) { self->end(); });
  }

  void end() { patience_.cancel(); }

  stream_protocol::socket socket_;
  boost::asio::steady_timer patience_;
  std::shared_ptr<const OperatorDoor::Answer> answer_;
  std::shared_ptr<std::size_t> visitors_;
  Length length_{};
  Bytes message_;
};

}  // namespace

class OperatorDoor::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, fs::path door, Answer answer)
      : door_(std::move(door)), acceptor_(io), answer_(std::make_shared<const Answer>(std::move(answer))) {
    const ShortDirectory directory(door_.parent_path());
    Error error;
    fs::remove(door_, error);
    const stream_protocol::endpoint endpoint(directory.door());
    if (directory.is_open()) acceptor_.open(endpoint.protocol(), error);
    // Before anybody can connect it is its owner's alone.
    if (!error && ::fchmod(acceptor_.native_handle(), S_IRUSR | S_IWUSR) == 0) acceptor_.bind(endpoint, error);
    if (!error) fs::permissions(door_, fs::perms::owner_read | fs::perms::owner_write, error);
    if (!error) acceptor_.listen(static_cast<int>(kMostVisitors), error);
    if (error || !directory.is_open())
      throw InputError("the operator's door " + door_.string() + " cannot be made: " + error.message());
  }

  void wait() {
    acceptor_.async_accept([self = shared_from_this()](const Error& error, stream_protocol::socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (!error && is_owner(socket) && *self->visitors_ < kMostVisitors)
        std::make_shared<Visit>(std::move(socket), self->answer_, self->visitors_)->begin();
      self->wait();
    });
  }

  void close() {
    Error ignored;
    acceptor_.close(ignored);
    fs::remove(door_, ignored);
  }

 private:
  fs::path door_;
  stream_protocol::acceptor acceptor_;
  std::shared_ptr<const Answer> answer_;
  std::shared_ptr<std::size_t> visitors_ = std::make_shared<std::size_t>(0);
};

OperatorDoor::OperatorDoor(boost::asio::io_context& io, const fs::path& state, Answer answer)
    : impl_(std::make_shared<Impl>(io, state / kDoorName, std::move(answer))) {
  impl_->wait();
}

OperatorDoor::~OperatorDoor() {
  impl_->close();
}

std::optional<OperatorAnswer> ask_at_door(const fs::path& state, const OperatorRequest& request) {
  const ShortDirectory directory(state);
  if (!directory.is_open()) return std::nullopt;
  boost::asio::io_context io;
  stream_protocol::socket socket(io);
  Error error;
  socket.connect(stream_protocol::endpoint(directory.door()), error);
  if (error) return std::nullopt;
  const timeval patience{kPatienceOfAsking.count(), 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const Bytes message = encode(request);
  Length length = length_of(message);
  const std::array<boost::asio::const_buffer, 2> all{boost::asio::buffer(length), boost::asio::buffer(message)};
  boost::asio::write(socket, all, error);
  if (!error) boost::asio::read(socket, boost::asio::buffer(length), error);
  Bytes answer(error ? 0 : size_of(length));
  if (answer.size() > kMostOperatorBytes) throw InputError("the aggregator's answer is too long");
  if (!error) boost::asio::read(socket, boost::asio::buffer(answer), error);
  if (error)
    throw InputError("the aggregator that runs in '" + state.string() + "' gave no answer: " + error.message() +
                     "; whether it did what was asked, `outrider client list` tells");
  return decode_answer(answer);
}

}  // namespace outrider::aggregator
