#include "mining/encode/merge_embeddings.h"

#include <deque>
#include <optional>
#include <string_view>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "data/corpus/quarantine.h"
#include "mining/pairs/embedding_files.h"
#include "mining/table/task_results.h"
#include "store/array_files.h"
#include "store/npy.h"
#include "store/safetensors.h"

namespace helip::mining {
namespace {

namespace fs = std::filesystem;

// One tensor of the results that becomes one .npy of all rows.
class Column {
 public:
  Column(std::string tensor, fs::path file, bool required)
      : tensor_(std::move(tensor)), file_(std::move(file)), required_(required) {}

  void add(const store::SafetensorsFile& result, const TaskResult& task, std::uint64_t pairs) {
    if (!required_ && !started_) present_ = result.tensors().contains(tensor_);
    if (!required_ && started_ && present_ != result.tensors().contains(tensor_)) {
      refuse(task, "only some encode results hold features", present_ ? "them" : "none",
             present_ ? "none" : "them");
    }
    if (!std::exchange(started_, true) && present_) {
      const std::vector<std::uint64_t>& shape = result.tensor(tensor_, "F32").shape;
      if (shape.size() == 2) dim_ = shape[1];
      if (dim_ == 0) refuse(task, "the encode result has no rows of some width", "2-D", "else");
      writer_.emplace(file_, store::DType::kF32, std::vector<std::uint64_t>{pairs, dim_});
    }
    if (!present_) return;
    const store::TensorView& view = result.tensor(tensor_, "F32");
    if (view.shape != std::vector<std::uint64_t>{task.range.count, dim_}) {
      refuse(task, "the encode result is of another task",
             cat("[", task.range.count, ", ", dim_, "]"),
             cat(view.shape.size(), "-D, ", view.data.size() / sizeof(float), " values"));
    }
    writer_->write(view.data);
  }

  void publish() {
    if (writer_) writer_->publish();
  }

  [[nodiscard]] std::uint64_t dim() const { return dim_; }
  [[nodiscard]] const fs::path& file() const { return file_; }

 private:
  [[noreturn]] void refuse(const TaskResult& task, std::string what, std::string expected,
                           std::string found) const {
    throw StoreError({.what = std::move(what),
                      .where = task.file.string() + ": " + tensor_,
                      .expected = std::move(expected),
                      .found = std::move(found)});
  }

  std::string tensor_;
  fs::path file_;
  bool required_;
  bool started_ = false;
  bool present_ = true;
  std::uint64_t dim_ = 0;
  std::optional<store::NpyWriter> writer_;
};

// Quarantine entries of one result, in the order of their samples.
void add_quarantine(const store::SafetensorsFile& result, const TaskResult& task,
                    std::vector<data::QuarantineEntry>& entries) {
  const auto json = result.metadata().find("quarantine");
  if (json == result.metadata().end()) {
    throw StoreError({.what = "the encode result does not say what is quarantined",
                      .where = task.file.string(),
                      .expected = "metadata \"quarantine\""});
  }
  for (data::QuarantineEntry& entry : data::quarantine_from_json(json->second)) {
    if (entry.sample < task.range.first || entry.sample - task.range.first >= task.range.count) {
      throw StoreError(
          {.what = "the encode result quarantines a sample of another task",
           .where = task.file.string(),
           .expected = cat("samples from ", task.range.first, ", ", task.range.count, " of them"),
           .found = cat("sample ", entry.sample)});
    }
    entries.push_back(std::move(entry));
  }
}

}  // namespace

EncodeSummary merge_embeddings(const std::vector<TaskResult>& results, std::uint64_t pairs,
                               const EncodeOutput& output, const Progress& progress) {
  std::deque<Column> columns;
  const bool embedded = !output.embeddings.empty();
  if (embedded) {
    columns.emplace_back("image_embeddings",
                         output.embeddings / "img_emb" / store::kImageEmbeddingsFile, true);
    columns.emplace_back("text_embeddings",
                         output.embeddings / "text_emb" / store::kTextEmbeddingsFile, true);
  }
  if (!output.features.empty()) {
    columns.emplace_back("image_features", output.features / store::kImageFeaturesFile, false);
    columns.emplace_back("text_features", output.features / store::kTextFeaturesFile, false);
  }
  std::vector<data::QuarantineEntry> quarantine;
  for (const TaskResult& task : in_order(results, pairs, "encode")) {
    progress(task.range.first, pairs);
    const store::SafetensorsFile file = store::SafetensorsFile::open(task.file);
    for (Column& column : columns) column.add(file, task, pairs);
    add_quarantine(file, task, quarantine);
  }
  progress(pairs, pairs);
  for (Column& column : columns) column.publish();
  data::write_quarantine(output.quarantine, pairs, quarantine);

  EncodeSummary summary;
  summary.samples = pairs;
  summary.quarantined = quarantine.size();
  if (embedded) {
    summary.image_dim = columns[0].dim();
    summary.text_dim = columns[1].dim();
    summary.embeddings_digest = embeddings_digest(output.embeddings, output.embeddings);
  }
  if (output.features.empty()) return summary;
  const Column& image = columns[columns.size() - 2];
  const Column& text = columns.back();
  summary.image_feature_dim = image.dim();
  summary.text_feature_dim = text.dim();
  std::vector<fs::path> files;
  for (const Column* column : {&image, &text}) {
    if (column->dim() > 0) files.push_back(column->file());
  }
  if (!files.empty()) summary.features_digest = digest_of_arrays(files);
  return summary;
}

}  // namespace helip::mining
