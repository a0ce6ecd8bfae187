#include "protocol/tcp_progress.h"

#include <linux/sockios.h>
#include <linux/tcp.h>  // not <netinet/tcp.h>, whose tcp_info is that of 2007
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace outrider::protocol {

std::optional<TcpProgress> progress_of(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  int unsent = 0;
  if (::ioctl(descriptor, SIOCOUTQ, &unsent) != 0) return std::nullopt;
  return TcpProgress{info.tcpi_bytes_received, info.tcpi_bytes_sent - info.tcpi_bytes_retrans, info.tcpi_bytes_acked,
                     static_cast<std::uint64_t>(unsent)};
}

}  // namespace outrider::protocol
