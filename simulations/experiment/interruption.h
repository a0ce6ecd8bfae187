// ctrl-C or SIGTERM during a long run: work ends soon, at a place where what is done can be kept.
//
//   Interruption interruption;
//   load();                                  // ends at once: there is nothing to keep
//   interruption.defer();
//   for (…) { …; interruption.check(); }    // throws Interrupted after ctrl-C
#pragma once

#include <stdexcept>
#include <string>

#include <signal.h>

namespace outrider::simulations {

// What ends a run that was asked to stop; what() is a sentence for the user.
class Interrupted : public std::runtime_error {
 public:
  Interrupted(int signal, const std::string& sentence) : std::runtime_error(sentence), signal_(signal) {}

  int signal() const { return signal_; }
  int exit_code() const { return 128 + signal_; }  // as shells have it: 130 after ctrl-C, 143 after SIGTERM

 private:
  int signal_;
};

// While one exists, SIGINT and SIGTERM end the process with the exit code above: at once until they are deferred. From
// then on the first is only remembered, for the program to end; the next ends it at once. One at a time in a process.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  void defer();
  // Any thread may ask.
  bool requested() const;
  int signal() const;  // that requested it; none: 0
  // As if the signal had come to this process, where it came to one that works along with it.
  void request(int signal);
  // Throws Interrupted when requested(). Costs next to nothing: call it several times a second.
  void check() const;

 private:
  struct sigaction before_interrupt_ = {};
  struct sigaction before_terminate_ = {};
};

}  // namespace outrider::simulations
