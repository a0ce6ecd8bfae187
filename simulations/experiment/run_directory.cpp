#include "simulations/experiment/run_directory.h"

#include <utility>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <unistd.h>

#include "knowledge/error.h"
#include "knowledge/json_text.h"
#include "knowledge/whole_file.h"

namespace outrider::simulations {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReport = "report.json";
constexpr const char* kRuns = "runs";  // where runs lie whose place nobody has named

fs::path without_slash(const fs::path& directory) {
  return directory.has_filename() ? directory : directory.parent_path();
}

// The marker goes last: whatever is interrupted here is still known as an earlier run.
void clear_run(const fs::path& directory, std::error_code& error) {
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path() != scenario_of_run(directory)) fs::remove_all(entry.path(), error);
    if (error) return;
  }
  if (!error) fs::remove(scenario_of_run(directory), error);
}

}  // namespace

RunLock::RunLock(const fs::path& directory)
    : descriptor_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw InputError("the run directory " + directory.string() + " cannot be opened");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(descriptor_);
  throw InputError("another process is at work on the run in " + directory.string());
}

RunLock::~RunLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RunLock::RunLock(RunLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

fs::path run_directory(const fs::path& wanted, const std::string& name) {
  return wanted.empty() ? fs::path(kRuns) / name : wanted;
}

fs::path scenario_of_run(const fs::path& directory) {
  return directory / "scenario.toml";
}

void require_run_or_nothing(const fs::path& directory) {
  if (fs::exists(directory) && !fs::exists(scenario_of_run(directory)) && !fs::is_empty(directory))
    throw InputError("the output directory " + directory.string() + " holds something other than an earlier run");
  const bool by_default = directory.parent_path() == kRuns;
  const auto objection = objection_of([&] {
    require_writable(fs::is_directory(directory)        ? scenario_of_run(directory)
                     : by_default && !fs::exists(kRuns) ? fs::path(kRuns)
                                                        : without_slash(directory));
  });
  require(!objection, "the output directory " + shown(directory) + " cannot be made anew: " + objection.value_or(""));
}

RunLock prepare_run_directory(const fs::path& directory, const fs::path& scenario) {
  require_run_or_nothing(directory);
  const auto require_made = [&](const std::error_code& error) {
    require(!error, "the output directory " + directory.string() + " cannot be made anew: " + error.message());
  };
  std::error_code error;
  fs::create_directories(directory, error);
  require_made(error);
  RunLock lock(directory);
  clear_run(directory, error);
  require_made(error);
  fs::copy_file(scenario, scenario_of_run(directory), error);
  if (error)
    throw InputError("the scenario " + scenario.string() + " cannot be copied to the output directory " +
                     directory.string() + ": " + error.message());
  return lock;
}

void save_report(const nlohmann::json& report, const Completion& completion, const fs::path& directory) {
  nlohmann::json whole = report;
  whole["complete"] = completion.whole();
  if (!completion.whole()) whole["missing"] = completion.missing;
  // A name from a data set may be no UTF-8: that must not cost a finished run its report.
  write_durably(directory / kReport, json_text(whole, 2) + '\n');
}

bool is_complete(const fs::path& directory) {
  const auto report = nlohmann::json::parse(content_of_file(directory / kReport), nullptr, false);
  return report.is_object() && report.value("complete", nlohmann::json()) == true;
}

}  // namespace outrider::simulations
