#include "simulations/fleet/network_namespaces.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "knowledge/child_process.h"
#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

constexpr const char* kDevice = "eth0";            // of every node
constexpr std::size_t kPacketsOnTheWay = 100'000;  // at most, on one link

std::string find_command(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"})
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  throw InputError(fmt::format("network namespaces need the command '{}' (Debian: iproute2)", name));
}

// A file without a name.
class Scratch {
 public:
  explicit Scratch(const std::string& content = "") : descriptor_(::memfd_create("outrider", MFD_CLOEXEC)) {
    if (descriptor_ < 0 ||
        ::write(descriptor_, content.data(), content.size()) != static_cast<ssize_t>(content.size()) ||
        ::lseek(descriptor_, 0, SEEK_SET) != 0)
      throw InputError(std::string("there is no memory for a file: ") + std::strerror(errno));
  }
  ~Scratch() { ::close(descriptor_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  int descriptor() const { return descriptor_; }
  std::string first_line() const {
    std::string text(300, '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(descriptor_, text.data(), text.size(), 0))));
    return text.substr(0, text.find('\n'));
  }

 private:
  int descriptor_;
};

// Runs `ip` or `tc` with a line for each thing to do, in the namespace. Throws InputError with what it complains about.
void configure(const NetworkNamespace& where, const std::string& command, const std::string& lines) {
  if (lines.empty()) return;
  const std::string program = find_command(command);
  const Scratch input(lines);
  const Scratch errors;
  ChildProcess child(program, {"-batch", "-"},
                     {.input = input.descriptor(),
                      .output = errors.descriptor(),
                      .errors = errors.descriptor(),
                      .network_namespace = where.descriptor()});
  if (child.wait() != 0)
    throw InputError(
        fmt::format("the network between namespaces cannot be set up: {} says '{}'", command, errors.first_line()));
}

void require_share_below_one(double value, const char* name) {
  require(value >= 0 && value < 1, fmt::format("a link's {} must be from 0 to below 1, not {}", name, value));
}

}  // namespace

void LinkQuality::check() const {
  require_share_below_one(loss, "loss");
  require_share_below_one(duplication, "duplication");
  require(delay.count() >= 0 && delay <= std::chrono::minutes(1),
          fmt::format("a link's delay must be from 0 to a minute, not {} microseconds", delay.count()));
  require(jitter.count() >= 0 && jitter <= delay,
          fmt::format("a link's jitter must be from 0 to its delay, not {} microseconds", jitter.count()));
  require(kilobits_per_second == 0 || (kilobits_per_second >= 1 && kilobits_per_second <= 1e7),
          fmt::format("a link's rate must be 0 (no limit) or from 1 to 10,000,000 kilobits a second, not {}",
                      kilobits_per_second));
}

std::string LinkQuality::queueing() const {
  const std::string rate = fmt::format("{:.0f}", 1000 * kilobits_per_second);
  if (loss == 0 && duplication == 0 && delay.count() == 0) {
    if (kilobits_per_second == 0) return "";
    const double burst = std::max(4000.0, 1000 * kilobits_per_second / 8 / 100);  // 10 ms, two packets at least
    return fmt::format("tbf rate {}bit burst {:.0f} latency 2s", rate, burst);
  }
  std::string text = fmt::format("netem limit {}", kPacketsOnTheWay);
  if (delay.count() > 0) text += fmt::format(" delay {}us {}us", delay.count(), jitter.count());
  if (loss > 0) text += fmt::format(" loss {:.6f}%", 100 * loss);
  if (duplication > 0) text += fmt::format(" duplicate {:.6f}%", 100 * duplication);
  if (kilobits_per_second > 0) text += fmt::format(" rate {}bit", rate);
  return text;
}

NetworkNamespace::NetworkNamespace() {
  int error = 0;
  // A thread of its own leaves; the namespace lasts as long as the descriptor.
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) == 0) descriptor_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    error = errno;
  }).join();
  if (descriptor_ < 0)
    throw InputError(fmt::format("a network namespace cannot be created{}: {}",
                                 error == EPERM ? ", which takes root" : "", std::strerror(error)));
}

NetworkNamespace::~NetworkNamespace() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

NetworkNamespace::NetworkNamespace(NetworkNamespace&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

void NetworkNamespace::call_inside(const std::function<void()>& work) const {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      require(::setns(descriptor_, CLONE_NEWNET) == 0, "the network namespace cannot be entered");
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

NetworkNamespaces::NetworkNamespaces(const std::vector<LinkQuality>& links) : nodes_(links.size()) {
  require(links.size() <= kMostNodes,
          fmt::format("a network of {} namespaces is too large: {} are possible", links.size(), kMostNodes));
  for (const LinkQuality& link : links) link.check();
  std::string bridge = "link add name bridge type bridge\nlink set dev bridge up\n";
  std::string queues;
  for (std::size_t i = 0; i < links.size(); ++i) {
    bridge += fmt::format("link add name node{0} type veth peer name {1} netns /proc/{2}/fd/{3}\n", i, kDevice,
                          ::getpid(), nodes_[i].descriptor());
    // A packet is what fits into one, for a lost one to be no more.
    bridge += fmt::format("link set dev node{0} gso_max_segs 1 master bridge\nlink set dev node{0} up\n", i);
    const std::string queueing = links[i].queueing();
    if (!queueing.empty()) queues += fmt::format("qdisc add dev node{} root {}\n", i, queueing);
  }
  configure(bridge_, "ip", bridge);
  configure(bridge_, "tc", queues);
  for (std::size_t i = 0; i < links.size(); ++i) {
    configure(nodes_[i], "ip",
              fmt::format("link set dev lo up\naddress add {1}/16 dev {0}\nlink set dev {0} gso_max_segs 1\n"
                          "link set dev {0} up\n",
                          kDevice, address(i)));
    const std::string queueing = links[i].queueing();
    if (!queueing.empty()) configure(nodes_[i], "tc", fmt::format("qdisc add dev {} root {}\n", kDevice, queueing));
  }
}

std::string NetworkNamespaces::address(std::size_t node) {
  return fmt::format("10.0.{}.{}", (node + 1) / 256, (node + 1) % 256);
}

NetworkSupport available_network() {
  NetworkSupport support;
  support.namespaces = objection_of([] { NetworkNamespaces({LinkQuality{}}); });
  support.emulation = objection_of([] { NetworkNamespaces({LinkQuality{.delay = std::chrono::milliseconds(1)}}); });
  if (support.emulation && !support.namespaces)
    support.emulation = "this kernel does not emulate networks (sch_netem): " + *support.emulation;
  return support;
}

}  // namespace outrider::simulations
