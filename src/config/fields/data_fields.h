// The keys of corpus, model, encoder and mining: from the pairs to their hard pairs.
#pragma once

#include <tuple>

#include "config/fields/field.h"
#include "config/fields/text_rules.h"
#include "config/run_config.h"

namespace helip::config {

template <>
struct Fields<CorpusConfig> {
  using S = CorpusConfig;
  static constexpr auto kAll = std::tuple{
      field("path", &S::path, required("a corpus folder, tars, a CSV or TSV file"),
            "Corpus folder with manifest.json, WebDataset tars ({00000..00331}.tar, several joined "
            "by ::), a CSV or TSV table, or a folder of images and captions.",
            PathRule::kEachPart),
      field("caption_key", &S::caption_key, required("a field name"),
            "Field of a sample's .json that holds the caption where the sample has no .txt."),
      field("csv_separator", &S::csv_separator,
            text_rule(no_separator, "one character, tab, or auto"),
            "Separator of a table, by OpenCLIP's name. With auto the table's header tells."),
      field("csv_img_key", &S::csv_img_key, required("a column of the table"),
            "Column of a table that holds the paths of the images, relative to the table."),
      field("csv_caption_key", &S::csv_caption_key, required("a column of the table"),
            "Column of a table that holds the captions."),
      operation("max_quarantined", &S::max_quarantined, from(0).up_to(1),
                "Share of the samples that may be unusable. With more the job fails."),
      field("max_pixels", &S::max_pixels, from(1).up_to(1'000'000'000),
            "Pixels of an image. A larger image is quarantined."),
      field("max_image_bytes", &S::max_image_bytes, from(1).up_to(1ULL << 30),
            "Bytes of an encoded image. A larger image is quarantined."),
  };
};

template <>
struct Fields<ModelConfig> {
  using S = ModelConfig;
  static constexpr auto kAll = std::tuple{
      field("architecture", &S::architecture,
            required("a model name, a model JSON or a folder with helip_model.json"),
            "Name in configs/models (ViT-B-16, RN50, SLIP_VITB16), OpenCLIP model JSON, or folder "
            "with helip_model.json (two towers, a SLIP model).",
            PathRule::kArchitecture),
      field("init", &S::init, required("random or a path"),
            "Initial weights: random, a model folder, a checkpoint of a work directory, a "
            ".safetensors or a .pt file.",
            PathRule::kInit),
      field("init_seed", &S::init_seed, kAny, "Seed of random initial weights."),
      field("trust_torchscript", &S::trust_torchscript, kAny,
            "TorchScript towers carry code. They are loaded only with true."),
      field("tokenizer", &S::tokenizer, kAny,
            "Vocabulary file. Empty: the one that is installed with HELIP "
            "(bpe_simple_vocab_16e6.txt.gz).",
            PathRule::kPath),
      field("name", &S::name, kSafeNameOrNone,
            "Name of the model in results and folders. Empty: made from architecture."),
  };
};

template <>
struct Fields<EncoderConfig> {
  using S = EncoderConfig;
  static constexpr auto kAll = std::tuple{
      field("source", &S::source, kAny,
            "Where the embeddings come from: the model (model), the features of its frozen towers "
            "(towers), or files that were made elsewhere (npy)."),
      field("model", &S::model,
            kAny.also("not with source npy; trained weights unless source is towers"),
            "Another model that encodes, with the keys of the section model. null: the model that "
            "is tuned."),
      field("image_embeddings", &S::image_embeddings, kAny.also("given with source npy alone"),
            "Image embeddings for source npy: a clip-retrieval folder (img_emb), a folder of .npy "
            "parts, or one .npy, with a row for each pair in the order of the corpus.",
            PathRule::kPath),
      field("text_embeddings", &S::text_embeddings, kAny.also("given with source npy alone"),
            "Text embeddings for source npy (text_emb), in the same forms.", PathRule::kPath),
      field("batch_size", &S::batch_size, from(1).up_to(65536),
            "Samples of a forward pass. The last batch is padded, so that results do not depend on "
            "how the work is cut into tasks."),
      field("task_samples", &S::task_samples, kAny.also("a multiple of encoder.batch_size"),
            "Samples of an encode task."),
      operation("feature_cache", &S::feature_cache, kAny,
                "Folder that keeps the features of frozen towers between jobs. Empty: WORK/cache.",
                PathRule::kPath),
  };
};

template <>
struct Fields<MiningConfig> {
  using S = MiningConfig;
  static constexpr auto kAll = std::tuple{
      field("method", &S::method, kAny,
            "How hard pairs are found: among all pairs (exact, HPM), in a random pool (fast, "
            "FastHPM), or with an approximate index whose recall is measured (index)."),
      field("hard_pairs_per_target", &S::hard_pairs_per_target,
            from(1).up_to(65536).also("below mining.pool_size with method fast"),
            "Hard pairs of a target, the paper's k (public code: 50)."),
      field("pool_size", &S::pool_size, from(2).up_to(4294967294.0),
            "Candidates of FastHPM, the paper's C."),
      field("pool_refresh_targets", &S::pool_refresh_targets, from(1),
            "Targets that share one pool of FastHPM (public code: 300,000)."),
      field("image_floor", &S::image_floor,
            kAny.also("0 or more, below mining.duplicate_ceiling and 1"),
            "Floor of the images' similarity, the paper's tau: cosines up to it count as 0."),
      field("text_floor", &S::text_floor,
            kAny.also("0 or more, below mining.duplicate_ceiling and 1"),
            "Floor of the texts' similarity, the paper's tau: cosines up to it count as 0."),
      field("duplicate_ceiling", &S::duplicate_ceiling,
            above(0).up_to(2).in_words("above 0, at most 2 (above 1 turns it off)"),
            "Pairs that are more similar than this in either modality are duplicates."),
      field("metric", &S::metric, kAny,
            "What a score is made of: the product of both cosines (product, as in the paper), or "
            "the cosine of the images or of the texts. Floors and ceiling hold for both modalities "
            "whatever it is."),
      field("min_score", &S::min_score, from(0).up_to(1).in_words("0 (all) to 1"),
            "Hard pairs score at least this. 0: all of them. Outliers are decided before this and "
            "the filters and caps that follow."),
      field("max_score", &S::max_score,
            kAny.also("above 0, at least mining.min_score, at most 1 (all)"),
            "Hard pairs score at most this. 1: all of them."),
      field("absolute_margin", &S::absolute_margin, from(0).up_to(2),
            "Drops hard pair j of target i if sim(I_i,T_j) > sim(I_i,T_i) - this. null: off. Both "
            "margins need a joint space of images and texts."),
      field("relative_margin", &S::relative_margin, from(0).up_to(1),
            "Drops hard pair j of target i if sim(I_i,T_j) > (1 - this)·sim(I_i,T_i). null: off."),
      field("per_group", &S::per_group, kAny,
            "The most pairs of one caption group that a target's row holds, its best ones. Only "
            "pairs that the filters leave count. 0: off, as in the paper."),
      field("hub_cap", &S::hub_cap, kAny,
            "The most targets that may list the same hard pair. The pair stays with its best "
            "targets, and rows refill from 2k candidates. 0: off."),
      field("seed", &S::seed, kAny,
            "Seed of FastHPM's pools, of the index's clusters and directions, and of the samples "
            "that recall is tuned and measured on."),
      field("index", &S::index, kAny,
            "How the index miner finds candidates: by clusters (lists), by leading principal "
            "directions (short), or auto: lists if index_lists or index_probes is set, else what "
            "takes fewer products on a sample."),
      field("index_lists", &S::index_lists, kAny.also("0 with index: short"),
            "Lists that the index miner groups the pairs into. 0: about 2·sqrt(N)."),
      field("index_probes", &S::index_probes, kAny.also("0 with index: short"),
            "Lists that a target is compared with. 0: as few as reach index_recall on a sample."),
      field("index_recall", &S::index_recall, above(0).below(1),
            "Recall of the hard pairs that the index miner aims at."),
      field("task_targets", &S::task_targets, from(1),
            "Targets of a mining task, in one pool. The first tasks, two for each worker, measure "
            "the rate; later ones are as much larger as task_seconds allows."),
      operation("task_seconds", &S::task_seconds,
                from(0).up_to(86400).in_words("0 (tasks are not enlarged) to 86400"),
                "Seconds that an enlarged mining task may take. 0: tasks are not enlarged."),
      operation("scratch", &S::scratch, kAny,
                "Folder on a local disk for the 8-bit copies of the embeddings, whose pages the "
                "system may then write out. Empty: they are in memory.",
                PathRule::kPath),
      operation(
          "instruction_set", &S::instruction_set, kAny,
          "Instruction set of the miner's screen. auto: the widest of the machine. The result "
          "does not depend on it."),
  };
};

}  // namespace helip::config
