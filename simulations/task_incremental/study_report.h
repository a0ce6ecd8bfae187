// What a study has found: as a table, JSON, CSV, a curve and a page.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "simulations/experiment/completion.h"
#include "simulations/report/chart.h"
#include "simulations/report/findings.h"
#include "simulations/report/page.h"
#include "simulations/task_incremental/study.h"
#include "simulations/task_incremental/study_result.h"

namespace outrider::simulations {

// Complete, or what there was when the study was interrupted.
struct StudyReport {
  Study study;
  std::string data_source;
  std::string data_sha256;
  std::size_t dense_bytes = 0;       // of a dense network's float32 values
  std::size_t mask_weights = 0;      // that masks choose from
  std::vector<StudyResult> results;  // those of which nothing is known have no runs

  Completion completion() const;
  std::size_t runs() const;  // that there are
};

void print_summary(const StudyReport& report, std::ostream& stream);
// Of results that all have runs.
Chart accuracy_curve(const StudyReport& report);
Findings findings_of(const StudyReport& report);
Page study_page(const StudyReport& report);
// report.json, report.html, accuracies.csv, accuracy.svg. Throws InputError when they cannot be written.
void save(const StudyReport& report, const std::filesystem::path& directory);

}  // namespace outrider::simulations
