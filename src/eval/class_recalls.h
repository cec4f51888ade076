// class_recalls.json: how often the samples of each class were classified rightly, a list with an
// entry for each classification in results.json. Torch-free. Equal results give equal bytes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/eval_job.h"

namespace helip::eval {

// The classes of one result in clip_benchmark's words.
struct ClassRecalls {
  std::string dataset, model, pretrained, task;
  std::vector<ClassRecall> classes;

  bool operator==(const ClassRecalls&) const = default;
};

// Returns the text of a file with the results that have classes.
std::string class_recalls_to_json(const std::vector<EvalResult>& results);
// Returns what a file's text holds. Throws StoreError naming `origin` and the entry if it is not
// JSON or not a list, if a key is missing, unknown, there twice or of another type, or if a class
// has more right samples than samples.
std::vector<ClassRecalls> class_recalls_from_json(const std::string& json,
                                                  const std::string& origin);
// Replaces the file atomically. Throws StoreError.
void write_class_recalls(const std::filesystem::path& file, const std::vector<EvalResult>& results);

}  // namespace helip::eval
