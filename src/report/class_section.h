// The page's section on classes: how often the samples of each class were classified rightly, and
// which classes changed most.
#pragma once

#include <string>

#include "report/job_record.h"

namespace helip::report {

// Returns the section as HTML, a table for each classification of a data set: the classes of at
// least 5 samples whose recall rose and fell most from the initial weights to the trained ones,
// then all classes, folded. Where only one of both was scored, the classes of the highest and
// lowest recall. Returns an empty text if there are no classes. Throws StoreError if results of one
// data set are of different classes.
std::string class_section(const JobRecord& job);

}  // namespace helip::report
