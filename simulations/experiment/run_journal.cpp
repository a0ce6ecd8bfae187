#include "simulations/experiment/run_journal.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "knowledge/digest.h"
#include "knowledge/error.h"
#include "knowledge/json_text.h"
#include "knowledge/whole_file.h"
#include "learners/data/image_folder.h"

namespace outrider::simulations {
namespace {

std::string checksum_of(const std::string& key, const nlohmann::json& value) {
  return Hasher().field(key).field(json_text(value)).finish().hex();
}

}  // namespace

RunJournal::RunJournal(const std::filesystem::path& directory, RunLock lock)
    : folder_(directory / "journal"), lock_(std::move(lock)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  require(!error, "the run's journal " + folder_.string() + " cannot be created: " + error.message());
}

std::filesystem::path RunJournal::file_of(const std::string& key) const {
  return folder_ / (folder_of_class(key) + ".json");
}

std::optional<nlohmann::json> RunJournal::get(const std::string& key) const {
  const auto entry = nlohmann::json::parse(content_of_file(file_of(key)), nullptr, false);
  if (!entry.is_object() || !entry.contains("value")) return std::nullopt;
  const nlohmann::json& value = entry.at("value");
  if (entry.value("checksum", nlohmann::json()) != checksum_of(key, value)) return std::nullopt;
  return value;
}

void RunJournal::put(const std::string& key, const nlohmann::json& value) {
  const nlohmann::json entry{{"key", key}, {"value", value}, {"checksum", checksum_of(key, value)}};
  write_durably(file_of(key), json_text(entry) + '\n');
}

}  // namespace outrider::simulations
