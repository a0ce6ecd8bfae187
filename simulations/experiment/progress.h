// How far a long piece of work has come, on a terminal or in a log.
//
//   ProgressDisplay display(std::cerr, is_terminal(STDERR_FILENO));
//   Phase seeds(display, "seeds", 3);
//   for (…) {
//     Phase episodes(display, "episodes", 2000);    // inside of "seeds"
//     for (…) { …; episodes.note("loss 0.12"); episodes.advance(); }
//     seeds.advance();
//   }
//
// On a terminal one line is drawn in place, at most ten times a second:
//   seeds 1/3 › episodes ━━━━━━━━━━━━━━──────────  58 %  1,160/2,000  56.2/s  15 s left  loss 0.12
// Otherwise a plain line is written every ten seconds:
//   seeds 1/3: episodes 58 % (1,160/2,000, 56.2/s, 15 s left, loss 0.12)
// An outermost phase leaves a line behind when it ends: what it did and how long it took. One that an exception ends
// leaves none.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace outrider::simulations {

class Phase;

struct ProgressOptions {
  using Clock = std::function<std::chrono::nanoseconds()>;  // never goes backwards

  Clock clock;              // empty: the steady clock
  std::size_t columns = 0;  // of the terminal; 0: asked of it, 100 where it does not say
  std::chrono::nanoseconds redraw = std::chrono::milliseconds(100);
  std::chrono::nanoseconds report = std::chrono::seconds(10);
};

bool is_terminal(int descriptor);

// Where phases show themselves. Keeps a reference to the stream. Used by one thread, like its phases; outlives them.
class ProgressDisplay {
 public:
  ProgressDisplay(std::ostream& stream, bool terminal, ProgressOptions options = {});
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  // Writes a line of its own without harming the drawn one: for results that come up on the way.
  void say(const std::string& line);

 private:
  friend class Phase;
  void begin(Phase& phase);
  void end(Phase& phase);
  void changed();
  void draw();
  void erase();
  std::string path() const;
  std::size_t columns() const;

  std::ostream& stream_;
  bool terminal_;
  ProgressOptions options_;
  std::vector<Phase*> phases_;  // from the outermost to the innermost
  std::chrono::nanoseconds due_{};
  bool drawn_ = false;
};

// A piece of work of `total` steps; 0 where nobody knows how many. Phases end in the reverse order of their beginning,
// as scopes do; a new one lies inside of the last that has not ended.
class Phase {
 public:
  Phase(ProgressDisplay& display, std::string name, std::uint64_t total = 0);
  ~Phase();
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

  // Costs a look at the clock unless something is to be drawn.
  void advance(std::uint64_t steps = 1);
  // Steps that were done before it began: they say nothing about how fast it goes.
  void skip(std::uint64_t steps);
  // Stands behind the figures until the next note; shown with the next drawing.
  void note(std::string text) { note_ = std::move(text); }
  std::uint64_t done() const { return done_; }

 private:
  friend class ProgressDisplay;

  // Whether an exception is what ends it.
  bool failed() const { return std::uncaught_exceptions() > exceptions_before_; }

  ProgressDisplay& display_;
  std::string name_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::uint64_t skipped_ = 0;  // of them
  std::string note_;
  std::chrono::nanoseconds begin_;
  int exceptions_before_ = std::uncaught_exceptions();
};

// "0.4 s", "15 s", "3 min 05 s", "2 h 07 min".
std::string to_text(std::chrono::nanoseconds duration);

}  // namespace outrider::simulations
