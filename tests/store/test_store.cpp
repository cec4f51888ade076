#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "store/embedding_store.h"
#include "store/half.h"
#include "store/hard_pair_table.h"
#include "store/npy.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"

namespace fs = std::filesystem;
using namespace helip;
using namespace helip::store;

namespace {

const fs::path kGolden = fs::path(HELIP_SOURCE_DIR) / "tests/golden/store";

// Every truncation of the file must be refused.
template <typename Open>
void check_truncations(const fs::path& file, const fs::path& folder, Open open) {
  const std::string whole = read_text_file(file);
  for (std::size_t length = 0; length < whole.size(); length += 1 + length / 16) {
    const fs::path cut = folder / ("cut" + file.extension().string());
    publish_file(cut, whole.substr(0, length));
    INFO(file << " cut to " << length);
    CHECK_THROWS_AS(open(cut), StoreError);
  }
}

std::string with_header(const std::string& header, const std::string& data) {
  std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

}  // namespace

TEST_CASE("arrays written by NumPy read back") {
  const NpyArray f32 = NpyArray::open(kGolden / "f32.npy");
  CHECK(f32.shape() == std::vector<std::uint64_t>{3, 4});
  CHECK(f32.as<float>()[5] == 5.0F / 8 - 0.5F);
  CHECK(NpyArray::open(kGolden / "u32.npy").as<std::uint32_t>()[4] == 4);
  CHECK(NpyArray::open(kGolden / "bool.npy").shape() == std::vector<std::uint64_t>{3});
  CHECK_THROWS_WITH(NpyArray::open(kGolden / "fortran.npy"), Catch::Contains("Fortran order"));
  CHECK_THROWS_WITH(NpyArray::open(kGolden / "big_endian.npy"),
                    Catch::Contains("dtype is not supported"));
}

TEST_CASE("arrays that we write equal NumPy's bytes") {
  const test::TemporaryFolder folder;
  for (const char* name : {"f32.npy", "f16.npy", "u32.npy", "bool.npy"}) {
    const NpyArray golden = NpyArray::open(kGolden / name);
    NpyWriter writer(folder.path() / name, golden.dtype(), golden.shape());
    writer.write(golden.bytes());
    writer.publish();
    CHECK(read_text_file(folder.path() / name) == read_text_file(kGolden / name));
  }
}

TEST_CASE("a damaged array is refused; an unfinished one is not published") {
  const test::TemporaryFolder folder;
  check_truncations(kGolden / "f32.npy", folder.path(), NpyArray::open);
  publish_file(folder.path() / "long.npy", read_text_file(kGolden / "f32.npy") + "x");
  CHECK_THROWS_WITH(NpyArray::open(folder.path() / "long.npy"),
                    Catch::Contains("bytes after the array"));

  NpyWriter writer(folder.path() / "half.npy", DType::kF32, {2, 2});
  writer.write_values(std::span<const float>(std::vector<float>(3)));
  CHECK_THROWS_WITH(writer.publish(), Catch::Contains("not written whole"));
  CHECK_FALSE(fs::exists(folder.path() / "half.npy"));
}

TEST_CASE(
    "safetensors written by the library read back, and ours round-trip with equal bytes for equal "
    "content") {
  const test::TemporaryFolder folder;
  const SafetensorsFile golden = SafetensorsFile::open(kGolden / "small.safetensors");
  CHECK(golden.tensors().size() == 3);
  CHECK(golden.metadata().at("made_by") == "make_arrays.py");
  CHECK(golden.values<float>("weight", "F32")[5] == 0.125F);
  CHECK_THROWS_WITH(golden.tensor("weight", "F16"), Catch::Contains("another dtype"));
  CHECK_THROWS_WITH(golden.tensor("bias", "F32"), Catch::Contains("no tensor 'bias'"));

  const std::string first =
      write_safetensors(folder.path() / "a.safetensors", golden.tensors(), golden.metadata());
  const SafetensorsFile again = SafetensorsFile::open(folder.path() / "a.safetensors");
  CHECK(first == sha256_file(folder.path() / "a.safetensors"));
  CHECK(write_safetensors(folder.path() / "b.safetensors", again.tensors(), again.metadata()) ==
        first);
}

TEST_CASE("damaged safetensors are refused") {
  const test::TemporaryFolder folder;
  check_truncations(kGolden / "small.safetensors", folder.path(), SafetensorsFile::open);
  const auto refused = [&](const std::string& header, const std::string& data,
                           const std::string& why) {
    const fs::path file = folder.path() / "bad.safetensors";
    publish_file(file, with_header(header, data));
    INFO(header);
    CHECK_THROWS_WITH(SafetensorsFile::open(file), Catch::Contains(why));
  };
  const std::string eight(8, 'x');
  refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}})", eight, "outside the file");
  refused(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", eight,
          "do not fit its shape");
  refused(R"({"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})", eight, "unknown dtype");
  refused(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", eight, "not whole numbers");
  refused(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", eight,
          "absurd shape");
  refused(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})", eight, "leaves a gap");
  refused(
      R"({"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
      eight, "overlaps");
  refused(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", eight,
          "does not end with its last tensor");
  refused(
      R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})",
      eight, "twice");
  refused("[1]", eight, "not a JSON object");
  refused("{", eight, "not JSON");
  publish_file(folder.path() / "big", std::string("\xff\xff\xff\xff\xff\xff\xff\x7f") + "{}");
  CHECK_THROWS_AS(SafetensorsFile::open(folder.path() / "big"), StoreError);
}

TEST_CASE("every half converts to float and back; rounding is to nearest even") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value)) {
      CHECK(std::isnan(half_to_float(float_to_half(value))));
    } else if (float_to_half(value) != half) {
      FAIL("half " << bits << " came back as " << float_to_half(value));
    }
  }
  CHECK(half_to_float(float_to_half(1.0F + 0x1p-11F)) == 1.0F);  // tie to even
  // A tie to even, upwards.
  CHECK(half_to_float(float_to_half(1.0F + 3 * 0x1p-11F)) == 1.0F + 0x1p-9F);
  CHECK(half_to_float(float_to_half(1.0F + 0x1.2p-11F)) == 1.0F + 0x1p-10F);
  CHECK(std::isinf(half_to_float(float_to_half(65520.0F))));
  CHECK(half_to_float(float_to_half(65519.0F)) == 65504.0F);
  CHECK(half_to_float(float_to_half(0x1p-25F)) == 0.0F);
  CHECK(half_to_float(float_to_half(0x1.8p-25F)) == 0x1p-24F);
}

TEST_CASE("embeddings of several parts and of float16 read as one matrix") {
  const test::TemporaryFolder folder;
  const NpyArray f32 = NpyArray::open(kGolden / "f32.npy");
  for (const char* name : {"img_emb_0.npy", "img_emb_1.npy"})
    fs::copy(kGolden / "f32.npy", folder.path() / name);
  // As macOS and editors leave them behind.
  for (const char* name : {"._img_emb_0.npy", ".img_emb_1.npy"})
    std::ofstream(folder.path() / name) << "no array";
  const EmbeddingStore store = EmbeddingStore::open(folder.path());
  CHECK(store.rows() == 6);
  CHECK(store.dim() == 4);
  std::vector<float> rows(2 * 4);
  store.read_rows(2, 2, rows);  // the last of part 0, the first of part 1
  CHECK(rows[0] == f32.as<float>()[8]);
  CHECK(rows[4] == f32.as<float>()[0]);
  CHECK_THROWS_AS(store.read_rows(5, 2, rows), StoreError);
  CHECK(store.place(2) ==
        (folder.path() / "img_emb_0.npy").string() + ": row 2, row 2 of all parts");
  CHECK(store.place(3) ==
        (folder.path() / "img_emb_1.npy").string() + ": row 0, row 3 of all parts");

  const EmbeddingStore half = EmbeddingStore::open(kGolden / "f16.npy");
  CHECK(half.place(1) == (kGolden / "f16.npy").string() + ": row 1");
  half.read_rows(1, 2, rows);
  // The values are exact in float16.
  CHECK(std::equal(rows.begin(), rows.end(), f32.as<float>().begin() + 4));

  fs::copy(kGolden / "f32.npy", folder.path() / "img_emb_3.npy");
  CHECK_THROWS_WITH(EmbeddingStore::open(folder.path()),
                    Catch::Contains("part of the embeddings is missing"));
  fs::rename(folder.path() / "img_emb_3.npy", folder.path() / "img_emb_2.npy");
  fs::copy(kGolden / "f16.npy", folder.path() / "img_emb_2.npy",
           fs::copy_options::overwrite_existing);
  CHECK_THROWS_WITH(EmbeddingStore::open(folder.path()), Catch::Contains("does not fit the first"));
}

TEST_CASE("a hard-pair table round-trips, masks outliers and refuses damage and other corpora") {
  const test::TemporaryFolder folder;
  const fs::path path = folder.path() / "1";
  HardPairManifest manifest;
  manifest.corpus_fingerprint = "abc";
  manifest.method = "exact";
  manifest.pairs = 3;
  manifest.hard_pairs_per_target = 2;
  {
    HardPairTableWriter unfinished(path, manifest);
    unfinished.rows(std::vector<std::uint32_t>{1, 2}, std::vector<float>{0.5F, 0.25F});
    CHECK_THROWS_AS(unfinished.publish(), StoreError);
  }
  CHECK(fs::is_empty(folder.path()));
  HardPairTableWriter writer(path, manifest);
  writer.rows(std::vector<std::uint32_t>{1, 2, 0, kNoPair},
              std::vector<float>{0.5F, 0.25F, 0.5F, 0});
  writer.rows(std::vector<std::uint32_t>{kNoPair, kNoPair}, std::vector<float>{0, 0});
  CHECK(writer.publish().suitable == 1);

  const HardPairTable table = HardPairTable::open(path, "abc");
  CHECK(table.k() == 2);
  CHECK(table.partners(SampleId{0})[1] == 2);
  CHECK(table.scores(SampleId{1})[0] == 0.5F);
  CHECK(table.suitable(SampleId{0}));
  CHECK_FALSE(table.suitable(SampleId{1}));
  CHECK_FALSE(table.suitable(SampleId{2}));
  CHECK_THROWS_WITH(HardPairTable::open(path, "xyz"),
                    Catch::Contains("another corpus; expected fingerprint xyz; found abc"));

  for (const char* name : {"indices.npy", "scores.npy", "suitable.npy"}) {
    const std::string whole = read_text_file(path / name);
    std::string flipped = whole;
    flipped.back() = static_cast<char>(flipped.back() ^ 1);
    publish_file(path / name, flipped);
    INFO(name);
    CHECK_THROWS_WITH(HardPairTable::open(path), Catch::Contains("damaged"));
    publish_file(path / name, whole);
  }
  publish_file(path / "manifest.json", "{}");
  CHECK_THROWS_WITH(HardPairTable::open(path), Catch::Contains("manifest"));
}

TEST_CASE("the manifest names the options that are not at their defaults, and only those") {
  const test::TemporaryFolder folder;
  const auto published = [&](const char* name, const HardPairManifest& manifest) {
    HardPairTableWriter writer(folder.path() / name, manifest);
    writer.rows(std::vector<std::uint32_t>{0}, std::vector<float>{0.5F});
    writer.publish();
    return read_text_file(folder.path() / name / "manifest.json");
  };
  HardPairManifest manifest;
  manifest.pairs = 1;
  manifest.hard_pairs_per_target = 1;
  const std::string plain = published("plain", manifest);
  CHECK(published("slash/", manifest) == plain);
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 2);
  for (const char* key : {"metric", "_score\"", "margin", "hub_cap", "per_group"}) {
    CHECK(plain.find(key) == std::string::npos);
  }
  CHECK(HardPairTable::open(folder.path() / "plain").manifest().metric == "product");
  manifest.metric = "text";
  manifest.min_score = 0.1;
  manifest.max_score = 1.0 / 3;
  manifest.relative_margin = 0;
  manifest.hub_cap = 9;
  manifest.per_group = 2;
  published("filtered", manifest);
  const auto found = HardPairTable::open(folder.path() / "filtered").manifest();
  CHECK(found.metric == "text");
  CHECK(found.min_score == 0.1);
  CHECK(found.max_score == 1.0 / 3);
  CHECK_FALSE(found.absolute_margin);
  CHECK(found.relative_margin == 0.0);
  CHECK(found.hub_cap == 9);
  CHECK(found.per_group == 2);
}

TEST_CASE("a table that names a pair outside the corpus is refused") {
  const test::TemporaryFolder folder;
  HardPairManifest manifest;
  manifest.pairs = 1;
  manifest.hard_pairs_per_target = 1;
  HardPairTableWriter writer(folder.path() / "t", manifest);
  writer.rows(std::vector<std::uint32_t>{9}, std::vector<float>{0.5F});
  writer.publish();
  CHECK_THROWS_WITH(HardPairTable::open(folder.path() / "t"),
                    Catch::Contains("expected ids below 1; found 9"));
}
