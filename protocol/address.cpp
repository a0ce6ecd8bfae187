#include "protocol/address.h"

#include <charconv>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include "knowledge/digest.h"
#include "knowledge/error.h"
#include "protocol/limits.h"

namespace outrider::protocol {
namespace {

constexpr std::string_view kScheme = "tcp://";

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw InputError(fmt::format("address \"{}\": {}; expected tcp://HOST:PORT or tcp://HOST:PORT#KEY", text, why));
}

PublicKey parse_key(std::string_view text, std::string_view hex) {
  constexpr std::string_view kExpected = "the key after # has to be 64 hexadecimal digits";
  if (hex.size() != 2 * PublicKey{}.size()) refuse(text, kExpected);
  PublicKey key;
  try {
    const Bytes bytes = from_hex(hex);
    std::copy(bytes.begin(), bytes.end(), key.begin());
  } catch (const InputError&) {
    refuse(text, kExpected);
  }
  return key;
}

std::optional<std::uint16_t> parse_port(std::string_view text, std::string_view digits) {
  if (digits == "*") return std::nullopt;
  std::uint16_t port = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || stop != digits.data() + digits.size() || port == 0)
    refuse(text, "the port has to be a number from 1 to 65535, or * for any free one");
  return port;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

void check_host(std::string_view text, std::string_view host) {
  if (host.empty()) refuse(text, "the host is missing");
  if (host == "*") return;
  if (host.starts_with('[')) {
    boost::system::error_code error;
    const bool closed = host.ends_with(']');
    if (closed) boost::asio::ip::make_address_v6(std::string(host.substr(1, host.size() - 2)), error);
    if (!closed || error) refuse(text, "the brackets do not hold an IPv6 address");
    return;
  }
  if (host.find(':') != std::string_view::npos) refuse(text, "an IPv6 address stands in brackets, as in [::1]");
  for (const char c : host)
    if (!is_name_character(c)) refuse(text, "the host has a character that no host name has");
}

}  // namespace

Address Address::parse(std::string_view text) {
  check_text("an address", text);  // the errors below quote it
  if (!text.starts_with(kScheme)) refuse(text, "it does not start with tcp://");
  std::string_view rest = text.substr(kScheme.size());
  Address address;
  if (const auto hash = rest.find('#'); hash != std::string_view::npos) {
    address.key = parse_key(text, rest.substr(hash + 1));
    rest = rest.substr(0, hash);
  }
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.ends_with(']')) refuse(text, "the port is missing");
  check_host(text, rest.substr(0, colon));
  address.host = rest.substr(0, colon);
  address.port = parse_port(text, rest.substr(colon + 1));
  return address;
}

std::string Address::endpoint() const {
  return fmt::format("{}{}:{}", kScheme, host, port ? std::to_string(*port) : "*");
}

std::string Address::text() const {
  return key ? endpoint() + "#" + to_hex(*key) : endpoint();
}

bool Address::loopback() const {
  if (host == "localhost") return true;
  boost::system::error_code error;
  const std::string bare = ipv6() ? host.substr(1, host.size() - 2) : host;
  const auto address = boost::asio::ip::make_address(bare, error);
  return !error && address.is_loopback();
}

}  // namespace outrider::protocol
