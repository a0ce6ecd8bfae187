// What mpirun gets from a program that was built without MPI.
#include "tests/mistakes.h"

namespace outrider::testing {
namespace {

Outcome simulate_as_one_of_three(const std::string& scenario) {
  const std::filesystem::path sources = OUTRIDER_SOURCES;
  return run_program("/usr/bin/env", {"OMPI_COMM_WORLD_SIZE=3", OUTRIDER_PROGRAM, "simulate",
                                      (sources / "scenarios" / scenario).string(), "--output", "/nowhere/runs"});
}

TEST(WithoutMpi, AWorldOverRanksIsRefused) {
  expect_complaint(simulate_as_one_of_three("storm.toml"), kFailure, {"3 ranks", "without MPI", "-DOUTRIDER_MPI=ON"});
}

TEST(WithoutMpi, OnlyAFederationCanBeDivided) {
  expect_complaint(simulate_as_one_of_three("fashion-recon.toml"), kFailure,
                   {"3 ranks", "fashion-recon.toml", "no federation"});
}

}  // namespace
}  // namespace outrider::testing
