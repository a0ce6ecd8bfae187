#include "simulations/run_directory.h"

#include <fstream>

#include <nlohmann/json.hpp>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

constexpr const char* kMarker = "scenario.toml";  // what a run's directory is known by

}  // namespace

std::filesystem::path run_directory(const std::filesystem::path& wanted, const std::string& name) {
  return wanted.empty() ? std::filesystem::path("runs") / name : wanted;
}

void prepare_run_directory(const std::filesystem::path& directory, const std::filesystem::path& scenario) {
  namespace fs = std::filesystem;
  if (fs::exists(directory) && !fs::exists(directory / kMarker) && !fs::is_empty(directory))
    throw InputError("the output directory " + directory.string() + " holds something other than an earlier run");
  std::error_code error;
  fs::remove_all(directory, error);
  if (!error) fs::create_directories(directory, error);
  if (error)
    throw InputError("the output directory " + directory.string() + " cannot be made anew: " + error.message());
  fs::copy_file(scenario, directory / kMarker, error);
  if (error)
    throw InputError("the scenario " + scenario.string() + " cannot be copied to the output directory " +
                     directory.string() + ": " + error.message());
}

void save_report(const nlohmann::json& report, const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / "report.json";
  std::ofstream stream(file);
  // A name from a data set may be no UTF-8: that must not cost a finished run its report.
  stream << report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  stream.close();
  if (!stream) throw InputError("the report cannot be written to " + file.string());
}

}  // namespace outrider::simulations
