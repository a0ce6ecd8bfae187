// For the tests of this folder: a scenario file, and what its reader says of it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider::simulations {

// `read` is the reader of a kind of scenario: load_scenario, load_study, load_federation.
template <auto read>
class ScenarioFileTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "scenario.toml";

  auto load(const std::string& text) {
    std::ofstream(file_) << text;
    return read(file_);
  }

  // Empty: none.
  std::string complaint(const std::string& text) {
    return objection_of([&] { load(text); }).value_or("");
  }

  // "FILE:LINE: …" where the rest holds all `parts`.
  void expect_complaint(const std::string& text, int line, const std::vector<std::string>& parts) {
    const std::string sentence = complaint(text);
    EXPECT_THAT(sentence, testing::StartsWith(file_.string() + ":" + std::to_string(line) + ": ")) << text;
    for (const std::string& part : parts) EXPECT_THAT(sentence, testing::HasSubstr(part)) << text;
  }
};

}  // namespace outrider::simulations
