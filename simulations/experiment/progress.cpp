#include "simulations/experiment/progress.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <ostream>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "simulations/report/display_width.h"
#include "simulations/report/figure.h"

namespace outrider::simulations {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kBar = 24;  // columns

std::string bar(double share) {
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBar));
  std::string text;
  for (std::size_t i = 0; i < kBar; ++i) text += i < filled ? "━" : "─";
  return text;
}

std::string rate_text(double per_second) {
  if (per_second >= 100) return with_separators(static_cast<std::uint64_t>(std::llround(per_second))) + "/s";
  if (per_second >= 1) return fmt::format("{:.1f}/s", per_second);
  return fmt::format("{:.1f}/min", per_second * 60);
}

double seconds(nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// The figures of a phase, each ready for print; an empty one is left out.
struct Figures {
  std::string percent, count, rate, left;
};

Figures figures(std::uint64_t done, std::uint64_t total, nanoseconds spent, std::uint64_t skipped = 0) {
  Figures result;
  result.count = with_separators(done);
  if (total > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    result.percent = fmt::format("{:3.0f} %", std::floor(100 * share));
    result.count += "/" + with_separators(total);
  }
  if (done <= skipped || spent <= nanoseconds::zero()) return result;
  const double rate = static_cast<double>(done - skipped) / seconds(spent);
  result.rate = rate_text(rate);
  if (total > done)
    result.left = to_text(nanoseconds(std::llround(1e9 * static_cast<double>(total - done) / rate))) + " left";
  return result;
}

std::string joined(std::initializer_list<std::string> parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

}  // namespace

bool is_terminal(int descriptor) {
  return ::isatty(descriptor) == 1;
}

std::string to_text(nanoseconds duration) {
  const double all = seconds(duration);
  if (all < 9.95) return fmt::format("{:.1f} s", all);
  const auto whole = std::llround(all);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

ProgressDisplay::ProgressDisplay(std::ostream& stream, bool terminal, ProgressOptions options)
    : stream_(stream), terminal_(terminal), options_(std::move(options)) {
  if (!options_.clock) options_.clock = [] { return nanoseconds(std::chrono::steady_clock::now().time_since_epoch()); };
}

void ProgressDisplay::say(const std::string& line) {
  erase();
  stream_ << line << '\n' << std::flush;
  if (terminal_ && !phases_.empty()) draw();
}

void ProgressDisplay::begin(Phase& phase) {
  phases_.push_back(&phase);
  if (phases_.size() == 1) due_ = phase.begin_ + (terminal_ ? options_.redraw : options_.report);
}

void ProgressDisplay::end(Phase& phase) {
  assert(!phases_.empty() && phases_.back() == &phase);
  if (phases_.size() == 1) {
    const std::string took = to_text(options_.clock() - phase.begin_);
    const bool whole = phase.total_ > 0 && phase.done_ >= phase.total_;
    const std::string count =
        whole || phase.total_ == 0 ? with_separators(phase.done_) : figures(phase.done_, phase.total_, {}).count;
    erase();
    const bool counted = phase.total_ > 0 || phase.done_ > 0;
    if (!phase.failed())  // what went wrong is for whoever catches it to say
      stream_ << phase.name_ << ": " << joined({counted ? count + " in " + took : took, phase.note_}, ", ") << '\n'
              << std::flush;
  }
  phases_.pop_back();
}

void ProgressDisplay::changed() {
  const nanoseconds now = options_.clock();
  if (now < due_) return;
  due_ = now + (terminal_ ? options_.redraw : options_.report);
  draw();
}

// "seeds 1/3 › clients 4/12 ": the phases around the innermost.
std::string ProgressDisplay::path() const {
  std::string text;
  for (std::size_t i = 0; i + 1 < phases_.size(); ++i) {
    const Phase& phase = *phases_[i];
    text += joined({phase.name_, figures(phase.done_, phase.total_, {}).count}, " ");
    text += terminal_ ? " › " : ": ";
  }
  return text;
}

std::size_t ProgressDisplay::columns() const {
  if (options_.columns > 0) return options_.columns;
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

void ProgressDisplay::draw() {
  const Phase& phase = *phases_.back();
  const Figures shown = figures(phase.done_, phase.total_, options_.clock() - phase.begin_, phase.skipped_);
  if (!terminal_) {
    const std::string percent =
        shown.percent.substr(std::min(shown.percent.find_first_not_of(' '), shown.percent.size()));
    stream_ << path() << joined({phase.name_, percent}, " ") << " ("
            << joined({shown.count, shown.rate, shown.left, phase.note_}, ", ") << ")\n"
            << std::flush;
    return;
  }
  const double share =
      phase.total_ > 0 ? std::min(1.0, static_cast<double>(phase.done_) / static_cast<double>(phase.total_)) : 0;
  const std::string line =
      path() + phase.name_ + " " +
      joined({phase.total_ > 0 ? bar(share) : "", shown.percent, shown.count, shown.rate, shown.left, phase.note_},
             "  ");
  // A line that wraps could not be drawn over.
  stream_ << '\r' << fit(line, columns() - 1) << "\x1b[K" << std::flush;
  drawn_ = true;
}

void ProgressDisplay::erase() {
  if (!drawn_) return;
  stream_ << "\r\x1b[K";
  drawn_ = false;
}

Phase::Phase(ProgressDisplay& display, std::string name, std::uint64_t total)
    : display_(display), name_(std::move(name)), total_(total), begin_(display.options_.clock()) {
  display_.begin(*this);
}

Phase::~Phase() {
  display_.end(*this);
}

void Phase::skip(std::uint64_t steps) {
  done_ += steps;
  skipped_ += steps;
}

void Phase::advance(std::uint64_t steps) {
  done_ += steps;
  display_.changed();
}

}  // namespace outrider::simulations
