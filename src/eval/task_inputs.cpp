#include "eval/task_inputs.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "data/text/clean_text.h"
#include "data/tokens/tokenizer.h"

namespace helip::eval {
namespace {

constexpr std::string_view kPlaceholder = "{c}";

// A sample's place in a message.
std::string place_of(const std::string& where, const DatasetSample& sample) {
  return cat(where, " ", shortened(sample.key, 80));
}

std::string prompt_of(std::string prompt, const std::string& name) {
  for (std::size_t at = prompt.find(kPlaceholder); at != std::string::npos;
       at = prompt.find(kPlaceholder, at + name.size())) {
    prompt.replace(at, kPlaceholder.size(), name);
  }
  return prompt;
}

}  // namespace

std::vector<Labels> labels_of(const Dataset& dataset, const std::string& where) {
  if (dataset.classnames.empty()) {
    throw DataError({.what = "the data set has no classes",
                     .where = where,
                     .expected = "classnames.txt with one in each line",
                     .found = "no such line"});
  }
  std::vector<Labels> labels;
  for (const DatasetSample& sample : dataset.samples) {
    const auto unknown =
        std::find_if(sample.labels.begin(), sample.labels.end(), [&](std::int64_t label) {
          return label < 0 || static_cast<std::size_t>(label) >= dataset.classnames.size();
        });
    if (sample.labels.empty() || unknown != sample.labels.end()) {
      throw DataError({.what = "a sample has no label of the data set's classes",
                       .where = place_of(where, sample),
                       .expected = cat("KEY.cls with 0 … ", dataset.classnames.size() - 1),
                       .found = sample.labels.empty() ? "none" : cat(*unknown)});
    }
    labels.push_back(sample.labels);
  }
  return labels;
}

std::vector<std::int64_t> single_labels_of(const Dataset& dataset, const std::string& where) {
  std::vector<std::int64_t> single;
  const std::vector<Labels> labels = labels_of(dataset, where);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].size() > 1) {
      throw DataError({.what = "the linear probe needs one label a sample",
                       .where = place_of(where, dataset.samples[i]),
                       .expected = "one",
                       .found = cat(labels[i].size())});
    }
    single.push_back(labels[i][0]);
  }
  return single;
}

std::vector<std::string> prompts_of(const Dataset& dataset, const std::string& where) {
  if (dataset.templates.empty()) {
    throw DataError({.what = "the data set has no prompt templates",
                     .where = where,
                     .expected = "zeroshot_classification_templates.txt with {c} in each line",
                     .found = "no such line"});
  }
  std::vector<std::string> prompts;
  for (const std::string& name : dataset.classnames) {
    for (const std::string& text : dataset.templates) prompts.push_back(prompt_of(text, name));
  }
  return prompts;
}

TaskCaptions captions_of(const Dataset& dataset, config::EqualCaptions equal,
                         const std::string& where) {
  TaskCaptions captions;
  std::map<std::string, std::uint64_t> groups;
  std::size_t blank = 0;
  for (const DatasetSample& sample : dataset.samples) {
    std::vector<std::size_t>& own = captions.of_image.emplace_back();
    std::size_t worded = 0;
    for (const std::string& caption : sample.captions) {
      const std::string key = data::caption_key(caption);
      own.push_back(captions.texts.size());
      captions.texts.push_back(caption);
      captions.group.push_back(equal == config::EqualCaptions::kHits
                                   ? groups.emplace(key, groups.size()).first->second
                                   : captions.group.size());
      worded += key.empty() ? 0 : 1;
    }
    blank += own.size() - worded;
    if (worded == 0) {
      throw DataError({.what = "an image has no caption",
                       .where = place_of(where, sample),
                       .expected = "KEY.txt with a caption in each line",
                       .found = own.empty() ? "none" : "blank lines"});
    }
  }
  if (blank > 0) {
    log::warning(cat(where, ": ", blank, " of ", captions.texts.size(),
                     " captions are blank lines of .txt files: they count as captions"));
  }
  return captions;
}

}  // namespace helip::eval
