// The stage report: the page about the job.
#pragma once

#include <tuple>

#include "jobs/task.h"

namespace helip::jobs {

struct ReportTask {
  static constexpr Stage kStage = Stage::kReport;
  static constexpr std::string_view kKind = kWhole;
  static constexpr auto fields() { return std::tuple{}; }
};

struct ReportResult {
  bool operator==(const ReportResult&) const = default;
  static constexpr auto fields() { return std::tuple{}; }
};

}  // namespace helip::jobs
