// A network for real processes on one machine: every node has a network namespace of its own, and a bridge joins them.
// What a link is like is emulated by the kernel (tc with netem, and tbf for a rate alone).
//
// Needs Linux, root and the commands `ip` and `tc` (Debian: iproute2). Namespaces have no names and the machine's own
// network is not touched: everything is gone with its last process, also when this one is killed.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace outrider::simulations {

// Of a node's link, in each direction. Each packet's fate is drawn independently; different delays reorder.
struct LinkQuality {
  double loss = 0;
  double duplication = 0;
  std::chrono::microseconds delay{0};   // on average
  std::chrono::microseconds jitter{0};  // uniformly as much more or less; at most the delay
  double kilobits_per_second = 0;       // 0: no limit

  bool operator==(const LinkQuality&) const = default;
  // Throws InputError when a field is out of its range.
  void check() const;
  // What follows `tc qdisc add dev DEVICE root`; empty for a link without faults.
  std::string queueing() const;
};

// What this machine can do: each a sentence of why not, or nothing where it can.
struct NetworkSupport {
  std::optional<std::string> namespaces;
  std::optional<std::string> emulation;  // of loss, duplication and delay; a rate alone needs less
};
// Tries it out.
NetworkSupport available_network();

// One network namespace, kept alive by a descriptor. Move-only.
class NetworkNamespace {
 public:
  // A new one with nothing in it. Throws InputError when there cannot be one.
  NetworkNamespace();
  ~NetworkNamespace();
  NetworkNamespace(NetworkNamespace&& other) noexcept;
  NetworkNamespace& operator=(NetworkNamespace&& other) = delete;

  int descriptor() const { return descriptor_; }  // for setns()
  // Calls it on a thread of its own, whose sockets, and those of threads that it starts, belong here. What it throws
  // comes out.
  void call_inside(const std::function<void()>& work) const;

 private:
  int descriptor_ = -1;
};

// A namespace for each of the links, with an IPv4 address, joined by a bridge in a further one.
class NetworkNamespaces {
 public:
  // Throws InputError, one sentence, when this machine cannot do it or a link is out of its range.
  explicit NetworkNamespaces(const std::vector<LinkQuality>& links);

  static constexpr std::size_t kMostNodes = 1000;  // a bridge takes 1023

  std::size_t size() const { return nodes_.size(); }
  const NetworkNamespace& node(std::size_t node) const { return nodes_[node]; }
  // Of a node, by which all others reach it.
  static std::string address(std::size_t node);

 private:
  NetworkNamespace bridge_;
  std::vector<NetworkNamespace> nodes_;
};

}  // namespace outrider::simulations
