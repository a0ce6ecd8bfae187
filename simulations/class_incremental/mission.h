// What a scenario's clients meet, worked out: a pure function of scenario, data and seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "learners/data/open.h"
#include "simulations/class_incremental/mission_scenario.h"

namespace outrider::simulations {

// A class that one client alone will see.
struct NewClass {
  std::string name;
  std::size_t client = 0;
  std::size_t step = 0;
  std::vector<std::size_t> support;  // indices into Mission::support_pool
  std::vector<std::size_t> tests;    // indices into Mission::test_pool
};

struct BaseClass {
  std::string name;
  std::vector<std::size_t> examples;  // indices into Mission::base
  std::vector<std::size_t> tests;     // indices into Mission::test_pool; empty where the base is not kept
};

// Owns its data. Classes are in the order of their arrival.
struct Mission {
  Dataset base;          // what the encoder is trained on
  Dataset support_pool;  // from which clients get their pictures, as they are in the data set
  Dataset test_pool;     // never seen by anybody before the test
  std::vector<BaseClass> base_classes;
  std::vector<NewClass> new_classes;
  std::string source;  // of the data, for people
  std::string sha256;  // of the data
};

// Where the data set's two parts share their classes, new classes are learned from the training part and tested on the
// test part. Where they do not (Omniglot), the whole training part is the base and each class of the test part is
// divided at random. Throws InputError when the scenario asks for classes or pictures that are not there.
Mission plan_mission(const Scenario& scenario);

}  // namespace outrider::simulations
