#include "worker/stages/mining_parts.h"

namespace helip::worker {

mining::MiningInput mining_input(const std::filesystem::path& image_embeddings,
                                 const std::filesystem::path& text_embeddings,
                                 const jobs::CorpusFacts& corpus, const jobs::WorkDir& work_dir) {
  mining::MiningInput input;
  input.image_embeddings = image_embeddings;
  input.text_embeddings = text_embeddings;
  input.duplicate_groups = corpus.folder;
  input.quarantine = work_dir.corpus();
  return input;
}

mining::TableProvenance provenance_of(const jobs::Task& task, const config::MiningConfig& config,
                                      const std::string& embeddings_digest,
                                      const std::function<mining::RecallReport()>& recall) {
  mining::TableProvenance provenance;
  provenance.corpus_fingerprint = task.corpus.fingerprint;
  provenance.config_digest = task.config_digest;
  provenance.embeddings_digest = embeddings_digest;
  if (config.method != config::MiningMethod::kExact) provenance.recall = recall();
  return provenance;
}

}  // namespace helip::worker
