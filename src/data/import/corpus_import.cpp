#include "data/import/corpus_import.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "common/clock.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/path_kind.h"
#include "common/percent.h"
#include "common/publish.h"
#include "common/text.h"
#include "common/threads/ordered_parallel.h"
#include "data/corpus/index_corpus.h"
#include "data/corpus/reason_count.h"
#include "data/import/import_shards.h"
#include "data/import/import_source.h"
#include "data/text/caption.h"

namespace helip::data {
namespace {

// As many as an index reads before it says that there are no captions.
constexpr std::uint64_t kFirstPairs = 1000;

// A pair ready to be written, or why it is left out.
struct Prepared {
  std::string key;
  std::string caption;
  ImportedImage image;
  std::optional<ImportProblem> problem;  // of no sample: a defect of an image that is used
};

Prepared prepare(SourcePair pair, const ImageRules& rules) {
  Prepared prepared{.key = pair.key, .caption = trimmed(pair.caption), .image = {}, .problem = {}};
  if (!pair.problem.empty()) {
    prepared.problem = ImportProblem{pair.source, pair.key, pair.problem, pair.detail};
    return prepared;
  }
  try {
    const double began = thread_seconds();
    prepared.image = import_image(std::move(pair.image), rules);
    const double took = thread_seconds() - began;
    if (took > rules.max_decode_seconds) {
      prepared.problem = ImportProblem{pair.source, pair.key, kSlowImage,
                                       cat("took ", decimal(took, 1), " s of one core")};
    } else if (const Defect& defect = prepared.image.defect; !defect.kind.empty()) {
      prepared.problem = ImportProblem{pair.source, pair.key, defect.kind, defect.detail, 0};
    }
  } catch (const DataError& error) {
    prepared.problem =
        ImportProblem{pair.source, pair.key, "the image cannot be decoded", error.what()};
  }
  return prepared;
}

using Sources = std::vector<std::unique_ptr<ImportSource>>;

Sources open_sources(const ImportOptions& options) {
  const SourceOptions source_options = {.caption_key = options.caption_key,
                                        .csv = options.csv,
                                        .max_image_bytes = options.images.limits.max_bytes,
                                        .output = options.out};
  Sources sources;
  for (const std::string& source : options.sources)
    sources.push_back(open_import_source(source, source_options));
  return sources;
}

std::string identity_of(const ImportOptions& options, const Sources& sources) {
  const ImageRules& images = options.images;
  std::string text =
      cat("4 ", options.samples_per_shard, " ", images.max_side, " ", images.white_background, " ",
          images.exif_transpose, " ", images.limits.max_pixels, " ", images.limits.max_bytes, " ",
          images.max_decode_seconds, " ", options.caption_key, " ", options.csv.image_key, " ",
          options.csv.caption_key, " ", int{options.csv.separator});
  for (const auto& source : sources) text = cat(text, " ", source->identity());
  return sha256_hex(text);
}

void check_options(const ImportOptions& options) {
  if (options.sources.empty() || options.samples_per_shard == 0 || options.threads == 0 ||
      options.images.max_side < 0 || !(options.images.max_decode_seconds > 0) ||
      !(options.max_left_out >= 0 && options.max_left_out <= 1)) {
    throw ConfigError({.what = "wrong options of the import",
                       .expected =
                           "a source, at least 1 sample per shard and 1 thread, a side of 0 "
                           "or more, a positive time, a share of 0 to 1"});
  }
  if (options.out.empty()) {
    throw ConfigError(
        {.what = "no output folder", .where = "--out", .expected = "the path of a new folder"});
  }
  if (is_there(options.out)) {
    throw ConfigError({.what = "the output folder exists already and is not replaced",
                       .where = options.out.string()});
  }
}

}  // namespace

std::string import_identity(const ImportOptions& options) {
  return identity_of(options, open_sources(options));
}

ImportReport import_corpus(const ImportOptions& options,
                           const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  check_options(options);
  const std::filesystem::path out =
      without_last_slash(std::filesystem::absolute(options.out).lexically_normal());
  const Sources sources = open_sources(options);
  std::vector<std::uint64_t> first_pair;
  std::uint64_t total = 0;
  std::uint64_t unpaired = 0;
  for (const auto& source : sources) {
    first_pair.push_back(total);
    total += source->size();
    for (const ImportProblem& problem : source->unpaired()) unpaired += problem.samples;
  }

  ImportShards shards(out, options.samples_per_shard, identity_of(options, sources));
  const std::uint64_t start = shards.next_pair();
  const double most_left_out = options.max_left_out * static_cast<double>(total + unpaired);
  const auto expect_within_limit = [&] {
    if (static_cast<double>(shards.left_out()) <= most_left_out) return;
    throw DataError(
        {.what = "too much is left out of the corpus; the import can go on with a "
                 "higher limit (--max-left-out, corpus.max_quarantined)",
         .where = shards.report_failure().string(),
         .expected =
             cat("at most ", percent(options.max_left_out), " of ", total + unpaired, " samples"),
         .found = cat(shards.left_out(), " so far (", most_frequent(shards.reasons()), ")")});
  };
  const auto leave_out = [&](const ImportProblem& problem) {
    shards.leave_out(problem);
    expect_within_limit();
  };
  // What was taken over may have been left out under a higher limit.
  expect_within_limit();
  if (start == 0) {
    for (const auto& source : sources) {
      for (const ImportProblem& problem : source->unpaired()) leave_out(problem);
    }
  }
  const auto make = [&](std::uint64_t i) {
    i += start;
    const auto after = std::upper_bound(first_pair.begin(), first_pair.end(), i);
    const auto source = static_cast<std::size_t>(after - first_pair.begin()) - 1;
    return prepare(sources[source]->read(i - first_pair[source]), options.images);
  };
  bool any = start > 0;
  const auto take = [&](std::uint64_t i, const Prepared& pair) {
    if (pair.problem) leave_out(*pair.problem);
    if (!pair.problem || pair.problem->samples == 0) {
      shards.add(start + i, pair.key, pair.caption, pair.image);
      any = true;
    }
    if (!any && i + 1 == kFirstPairs) {
      throw DataError({.what = cat("no usable pair among the first ", kFirstPairs),
                       .where = shards.report_failure().string(),
                       .expected = "images with captions; of a table, in the columns that "
                                   "--csv-img-key and --csv-caption-key (corpus.csv_…) name",
                       .found = most_frequent(shards.reasons())});
    }
    if (progress) progress(start + i + 1, total);
  };
  ordered_parallel(total - start, options.threads, 8ULL * options.threads, make, take);

  const auto tars = shards.finish(total);
  if (tars.empty()) {
    throw DataError({.what = "no usable pair to import",
                     .where = shards.report_failure().string(),
                     .expected = "an image that can be read, with a caption",
                     .found = most_frequent(shards.reasons())});
  }
  ImportReport report;
  report.rewritten = shards.rewritten();
  report.left_out = shards.reasons();
  report.noted = shards.noted();
  CorpusScan scan = scan_shards(tars, options.caption_key, {});
  scan.manifest.resizes_first = std::all_of(
      sources.begin(), sources.end(), [](const auto& source) { return source->resizes_first(); });
  report.manifest = write_corpus_index(std::move(scan), shards.corpus());
  shards.publish(out);
  return report;
}

}  // namespace helip::data
