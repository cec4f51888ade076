// One shard of given members and its index, for tests of what an index finds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "common/publish.h"
#include "corpus_support.h"
#include "data/corpus/shard_index.h"
#include "support/temporary_folder.h"

namespace helip::data {

struct ShardIndexTest {
  test::TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "00000.tar";
  [[nodiscard]] ShardIndex index(const std::string& members) const {
    test::write_file(file, members + test::kTarEnd);
    return index_shard(file, "caption");
  }
  [[nodiscard]] std::string at(std::uint64_t offset, std::uint64_t bytes) const {
    return read_text_file(file).substr(offset, bytes);
  }
};

}  // namespace helip::data
