#include "simulations/experiment/interruption.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <string_view>

#include <unistd.h>

namespace outrider::simulations {
namespace {

// What may stand instead of the signal that came first.
constexpr int kNobodyListens = -2;
constexpr int kNothingToKeep = -1;
constexpr int kNothingCame = 0;
constexpr std::string_view kNothingKept = "outrider: interrupted before there was anything to keep\n";

// Global by nature: nothing else can be handed to a signal handler.
std::atomic<int> remembered_signal{kNobodyListens};
static_assert(std::atomic<int>::is_always_lock_free, "a handler must not wait");

// Only what is allowed in a handler.
void remember_signal(int signal) {
  int expected = kNothingCame;
  if (remembered_signal.compare_exchange_strong(expected, signal)) return;
  if (expected == kNothingToKeep && ::write(STDERR_FILENO, kNothingKept.data(), kNothingKept.size()) < 0) ::_exit(1);
  ::_exit(128 + signal);
}

}  // namespace

Interruption::Interruption() {
  [[maybe_unused]] const int before = remembered_signal.exchange(kNothingToKeep);
  assert(before == kNobodyListens);
  struct sigaction action = {};
  action.sa_handler = remember_signal;
  action.sa_flags = SA_RESTART;  // whoever reads or writes need not know
  ::sigaction(SIGINT, &action, &before_interrupt_);
  ::sigaction(SIGTERM, &action, &before_terminate_);
}

Interruption::~Interruption() {
  ::sigaction(SIGINT, &before_interrupt_, nullptr);
  ::sigaction(SIGTERM, &before_terminate_, nullptr);
  remembered_signal = kNobodyListens;
}

void Interruption::defer() {
  int expected = kNothingToKeep;
  remembered_signal.compare_exchange_strong(expected, kNothingCame);
}

bool Interruption::requested() const {
  return signal() > 0;
}

int Interruption::signal() const {
  return std::max(0, remembered_signal.load());
}

void Interruption::request(int signal) {
  int expected = kNothingCame;
  remembered_signal.compare_exchange_strong(expected, signal);
}

void Interruption::check() const {
  if (requested()) throw Interrupted(signal(), "interrupted");
}

}  // namespace outrider::simulations
