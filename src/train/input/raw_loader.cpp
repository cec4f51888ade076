#include <algorithm>
#include <deque>
#include <exception>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "common/threads/mutex.h"
#include "data/corpus/corpus.h"
#include "data/image/augment.h"
#include "data/image/ssl_augment.h"
#include "train/input/input_loader.h"

namespace helip::train {
namespace {

constexpr int kTries = 3;  // reading may fail for a moment (network file systems)

// One requested batch; rows are made by any thread.
struct Job {
  RowRequest rows;
  InputBatch batch;
  std::size_t next_row = 0;  // under the source's mutex, as all below
  std::size_t unfinished = 0;
  std::exception_ptr problem;
};

class RawLoader final : public InputLoader {
 public:
  RawLoader(const std::filesystem::path& folder, const model::InputKinds& inputs,
            const data::PreprocessConfig& preprocess, const data::Tokenizer& tokenizer,
            const RawOptions& options)
      : corpus_(data::Corpus::open(folder, options.limits.max_bytes)),
        reads_images_(inputs.image == model::InputKind::kRaw),
        reads_texts_(inputs.text == model::InputKind::kRaw),
        preprocess_(preprocess),
        tokenizer_(tokenizer),
        options_(options) {
    for (std::uint32_t i = 0; i < options.threads; ++i) {
      threads_.emplace_back([this] { work(); });
    }
  }

  ~RawLoader() override {
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
    }
    has_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  RawLoader(const RawLoader&) = delete;
  RawLoader& operator=(const RawLoader&) = delete;

  void request(RowRequest rows) override {
    auto job = std::make_unique<Job>();
    const std::size_t count = rows.ids.size();
    if (reads_images_) make_room_for_images(rows, job->batch);
    if (reads_texts_) {
      const auto length = static_cast<std::size_t>(tokenizer_.context_length());
      job->batch.text_shape = {static_cast<std::int64_t>(count), tokenizer_.context_length()};
      job->batch.tokens.resize(count * length);
    }
    job->rows = std::move(rows);
    job->unfinished = count;
    {
      const MutexLock lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    has_work_.notify_all();
  }

  InputBatch take() override {
    const MutexLock lock(mutex_);
    while (jobs_.front()->unfinished > 0) finished_.wait(mutex_);
    const std::unique_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    if (job->problem) std::rethrow_exception(job->problem);
    return std::move(job->batch);
  }

 private:
  void make_room_for_images(const RowRequest& rows, InputBatch& batch) const {
    const auto size = static_cast<std::size_t>(preprocess_.size);
    const auto shape_of = [&](std::size_t images) -> std::vector<std::int64_t> {
      return {static_cast<std::int64_t>(images), 3, preprocess_.size, preprocess_.size};
    };
    batch.image_shape = shape_of(rows.ids.size());
    batch.image.resize(rows.ids.size() * 3 * size * size);
    if (rows.view_rows.empty()) return;
    batch.view_shape = shape_of(rows.view_rows.size());
    for (auto& view : batch.views) view.resize(rows.view_rows.size() * 3 * size * size);
  }

  // The first row that nobody took, of the oldest batch that has one.
  std::optional<std::pair<Job*, std::size_t>> next_row() HELIP_REQUIRES(mutex_) {
    for (const auto& job : jobs_) {
      if (job->next_row < job->rows.ids.size()) return std::pair(job.get(), job->next_row++);
    }
    return std::nullopt;
  }

  void work() {
    MutexLock lock(mutex_);
    while (true) {
      std::optional<std::pair<Job*, std::size_t>> taken;
      while (!stopping_ && !(taken = next_row()).has_value()) has_work_.wait(mutex_);
      if (stopping_) return;
      const auto [job, row] = *taken;
      lock.unlock();
      std::exception_ptr problem;
      try {
        make_row(*job, row);
      } catch (const std::exception&) {
        problem = std::current_exception();
      }
      lock.lock();
      if (problem && !job->problem) job->problem = problem;
      if (--job->unfinished == 0) finished_.notify_all();
    }
  }

  void make_row(Job& job, std::size_t row) const {
    const SampleId id = job.rows.ids[row];
    for (int tries = 1;; ++tries) {
      try {
        fill_row(job, row, corpus_.load(id));
        return;
      } catch (const Error& error) {
        if (tries < kTries) continue;
        throw DataError(
            {.what = "a sample that was usable before cannot be used any more",
             .where = cat("pair ", to_index(id), " of the corpus, tried ", kTries, " times"),
             .expected = "the data of the encode stage",
             .found = error.what()});
      }
    }
  }

  void fill_row(Job& job, std::size_t row, const data::Sample& sample) const {
    if (!sample.caption_problem.empty()) {
      throw DataError({.what = "no usable caption",
                       .where = cat(sample.shard, " key ", sample.key),
                       .expected = {},
                       .found = sample.caption_problem});
    }
    const std::uint64_t id = to_index(sample.id);
    const std::uint64_t slot = job.rows.slots[row];
    if (reads_images_) fill_images(job, row, sample, {options_.seed, job.rows.epoch, id, slot});
    if (!reads_texts_) return;
    const std::size_t length = job.batch.tokens.size() / job.rows.ids.size();
    const auto tokens = std::span(job.batch.tokens).subspan(row * length, length);
    tokenizer_.encode(options_.word_dropout > 0
                          ? data::drop_words(sample.caption, options_.word_dropout, options_.seed,
                                             job.rows.epoch, id, slot)
                          : sample.caption,
                      tokens);
  }

  // The training image, and the views where they are wanted: all from one decoded image.
  void fill_images(Job& job, std::size_t row, const data::Sample& sample,
                   const data::AugmentKey& key) const {
    const std::size_t pixels = job.batch.image.size() / job.rows.ids.size();
    const auto part = [&](std::vector<float>& planes, std::size_t at) {
      return std::span(planes).subspan(at * pixels, pixels);
    };
    const std::vector<std::int64_t>& view_rows = job.rows.view_rows;
    const auto wanted_row = static_cast<std::int64_t>(row);
    const bool has_views =
        std::find(view_rows.begin(), view_rows.end(), wanted_row) != view_rows.end();
    std::vector<data::ViewDraws> draws;
    const auto choose = [&](int width, int height) {
      std::vector<data::Crop> crops = {data::random_crop(width, height, options_.crop_scale, key)};
      for (std::uint32_t view = 0; has_views && view < data::kViews; ++view) {
        draws.push_back(data::draw_view(width, height, key, view));
        crops.push_back(draws.back().crop);
      }
      return crops;
    };
    // Without a random crop the whole image is seen.
    data::CroppedImage source =
        data::decode_for_crops(sample.image, preprocess_.size, options_.limits,
                               options_.augment && options_.decode_scaled, choose);
    if (!corpus_.manifest().resizes_first) source.image = data::in_rgb(std::move(source.image));
    if (options_.augment) {
      data::preprocess_region(source.image, source.regions.at(0), preprocess_,
                              part(job.batch.image, row));
    } else {
      data::preprocess(source.image, preprocess_, part(job.batch.image, row));
    }
    // Views are made of RGB whatever the corpus, as SLIP makes them.
    if (!draws.empty()) source.image = data::in_rgb(std::move(source.image));
    for (std::size_t view = 0; view < draws.size(); ++view) {
      // A row may be wanted twice.
      for (std::size_t at = 0; at < view_rows.size(); ++at) {
        if (view_rows[at] != wanted_row) continue;
        data::preprocess_view(source.image, source.regions.at(1 + view), draws[view], preprocess_,
                              part(job.batch.views.at(view), at));
      }
    }
  }

  const data::Corpus corpus_;
  const bool reads_images_, reads_texts_;
  const data::PreprocessConfig& preprocess_;
  const data::Tokenizer& tokenizer_;
  const RawOptions options_;
  Mutex mutex_;
  Condition has_work_;
  Condition finished_;
  std::deque<std::unique_ptr<Job>> jobs_ HELIP_GUARDED_BY(mutex_);
  bool stopping_ HELIP_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<InputLoader> open_raw_loader(const std::filesystem::path& corpus_folder,
                                             const model::InputKinds& inputs,
                                             const data::PreprocessConfig& preprocess,
                                             const data::Tokenizer& tokenizer,
                                             const RawOptions& options) {
  return std::make_unique<RawLoader>(corpus_folder, inputs, preprocess, tokenizer, options);
}

}  // namespace helip::train
