// What a user who made a mistake has to see.
#pragma once

#include <string>

#include <gmock/gmock.h>

#include "tests/process.h"

namespace outrider::testing {

// The exit code of every mistake but those in the command line itself.
constexpr int kFailure = 1;
constexpr int kUsage = 2;  // of those

// One sentence on stderr that begins with "outrider: " and contains the words; nothing on stdout; the exit code.
inline void expect_complaint(const Outcome& outcome, int exit_code, std::initializer_list<std::string> words) {
  EXPECT_EQ(outcome.exit_code, exit_code) << "signal " << outcome.signal << ", " << outcome.errors;
  EXPECT_EQ(outcome.output, "");
  EXPECT_THAT(outcome.errors, ::testing::MatchesRegex("outrider: [^\n]+\n"));
  for (const std::string& word : words) EXPECT_THAT(outcome.errors, ::testing::HasSubstr(word));
  for (const char* never : {"unexpected error", "terminate called", "Assertion", "what():"})
    EXPECT_THAT(outcome.errors, ::testing::Not(::testing::HasSubstr(never)));
}

}  // namespace outrider::testing
