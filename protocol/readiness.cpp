#include "protocol/readiness.h"

#include <chrono>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "protocol/uninterrupted.h"

namespace outrider::protocol {
namespace {

// What is taken in one turn of the loop, so that a flood leaves time for timers, other sockets and answers: so many
// messages, and no more once it has taken so long. Large ones take 10 ms each.
constexpr int kBatch = 64;
constexpr std::chrono::milliseconds kLongestTurn{5};

}  // namespace

// Shared with the callbacks that the loop still holds when the owner goes.
struct Readiness::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& loop, zmq::socket_ref watched, std::function<bool()> handler)
      : io(loop), socket(watched), receive_one(std::move(handler)), descriptor(loop, socket.get(zmq::sockopt::fd)) {}
  ~State() {
    if (descriptor.is_open()) descriptor.release();  // ZeroMQ closes it
  }

  bool waiting() const {
    return (uninterrupted([this] { return socket.get(zmq::sockopt::events); }) & ZMQ_POLLIN) != 0;
  }

  void wait() {
    descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (self->closed || error) return;  // the only error is the release in close()
                            self->wait();  // before drain, which may throw; an event too many does no harm
                            self->drain();
                          });
  }

  void look_again() {
    if (std::exchange(posted, true)) return;
    boost::asio::post(io, [self = shared_from_this()] {
      self->posted = false;
      if (!self->closed) self->drain();
    });
  }

  void drain() {
    try {
      int taken = 0;
      const auto end = std::chrono::steady_clock::now() + kLongestTurn;
      while (waiting()) {
        if (!receive_one()) return;  // it is not wanted now
        // Asking costs as much as receiving, so it is asked again only when there is no more.
        for (++taken; receive_one(); ++taken)
          if (taken >= kBatch || std::chrono::steady_clock::now() > end) return look_again();
      }
    } catch (...) {
      look_again();  // for the messages behind the one whose handler threw
      throw;
    }
  }

  void close() {
    closed = true;
    descriptor.release();
  }

  boost::asio::io_context& io;
  zmq::socket_ref socket;
  std::function<bool()> receive_one;
  boost::asio::posix::stream_descriptor descriptor;
  bool posted = false;
  bool closed = false;
};

Readiness::Readiness(boost::asio::io_context& io, zmq::socket_ref socket, std::function<bool()> receive_one)
    : state_(std::make_shared<State>(io, socket, std::move(receive_one))) {
  state_->wait();
  state_->look_again();
}

Readiness::~Readiness() {
  state_->close();
}

void Readiness::look_again() {
  state_->look_again();
}

}  // namespace outrider::protocol
