// A slow link over TCP that is cut again and again.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace outrider::testing {

// Between the clients and the aggregator: passes on so many bytes a second each way, and cuts every connection now and
// then.
class BadLink {
 public:
  BadLink(boost::asio::io_context& io, std::uint16_t target, double bytes_per_second, std::chrono::milliseconds uptime)
      : io_(io),
        acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}),
        timer_(io),
        target_(boost::asio::ip::address_v4::loopback(), target),
        bytes_per_second_(bytes_per_second),
        uptime_(uptime) {
    accept();
    cut_later();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::uint64_t passed() const { return passed_; }
  int cuts() const { return cuts_; }

 private:
  struct Connection {
    explicit Connection(boost::asio::io_context& io) : client(io), server(io), up(io), down(io) {}
    boost::asio::ip::tcp::socket client;
    boost::asio::ip::tcp::socket server;
    boost::asio::steady_timer up;
    boost::asio::steady_timer down;
    std::array<std::uint8_t, 65536> from_client{};
    std::array<std::uint8_t, 65536> from_server{};
  };
  using Ptr = std::shared_ptr<Connection>;

  void accept() {
    auto connection = std::make_shared<Connection>(io_);
    acceptor_.async_accept(connection->client, [this, connection](const boost::system::error_code& error) {
      if (error) return;
      boost::system::error_code failed;
      connection->server.connect(target_, failed);
      if (!failed) {
        connections_.push_back(connection);
        pass(connection, connection->client, connection->server, connection->from_client, connection->up);
        pass(connection, connection->server, connection->client, connection->from_server, connection->down);
      }
      accept();
    });
  }

  // Reads, waits as long as that takes on such a link, writes, and so on.
  void pass(const Ptr& connection, boost::asio::ip::tcp::socket& from, boost::asio::ip::tcp::socket& to,
            std::array<std::uint8_t, 65536>& buffer, boost::asio::steady_timer& pace) {
    from.async_read_some(boost::asio::buffer(buffer), [=, this, &from, &to, &buffer, &pace](
                                                          const boost::system::error_code& error, std::size_t size) {
      if (error) return;
      passed_ += size;
      pace.expires_at(std::max(pace.expiry(), std::chrono::steady_clock::now()) +
                      std::chrono::nanoseconds(static_cast<long>(1e9 * static_cast<double>(size) / bytes_per_second_)));
      boost::asio::async_write(
          to, boost::asio::buffer(buffer, size),
          [=, this, &from, &to, &buffer, &pace](const boost::system::error_code& failed, std::size_t) {
            if (failed) return;
            pace.async_wait([=, this, &from, &to, &buffer, &pace](const boost::system::error_code& stopped) {
              if (!stopped) pass(connection, from, to, buffer, pace);
            });
          });
    });
  }

  void cut_later() {
    timer_.expires_after(uptime_);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      for (const Ptr& connection : connections_) {
        boost::system::error_code ignored;  // it may be gone already
        connection->up.cancel();
        connection->down.cancel();
        connection->client.close(ignored);
        connection->server.close(ignored);
      }
      cuts_ += connections_.empty() ? 0 : 1;
      connections_.clear();
      cut_later();
    });
  }

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  boost::asio::ip::tcp::endpoint target_;
  double bytes_per_second_;
  std::chrono::milliseconds uptime_;
  std::vector<Ptr> connections_;
  std::uint64_t passed_ = 0;
  int cuts_ = 0;
};

}  // namespace outrider::testing
