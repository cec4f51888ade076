#include "data/import/shard_list.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "corpus_support.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

struct ShardListTest {
  test::TemporaryFolder folder;
  ShardListTest() {
    for (const char* name : {"00000.tar", "00001.tar", "00002.tar", "9.tar", "10.tar", "a/x.tar",
                             "b/x.tar", "00000.parquet"}) {
      test::write_file(folder.path() / name, "x");
    }
  }
  [[nodiscard]] std::string at(const std::string& name) const {
    return (folder.path() / name).string();
  }
  [[nodiscard]] std::vector<std::string> names(const std::string& source) const {
    std::vector<std::string> names;
    for (const auto& shard : list_shards(source))
      names.push_back(shard.lexically_relative(folder.path()).string());
    return names;
  }
  [[nodiscard]] std::string error(const std::string& source) const {
    return test::error_of<DataError>([&] { list_shards(source); });
  }
};

using Names = std::vector<std::string>;

TEST_CASE_METHOD(ShardListTest, "braces, lists, globs and folders name shards in order") {
  CHECK(names(at("{00000..00002}.tar")) == Names{"00000.tar", "00001.tar", "00002.tar"});
  CHECK(names(at("0000{0..1}.tar")) == Names{"00000.tar", "00001.tar"});
  CHECK(names(at("{9..10}.tar")) == Names{"9.tar", "10.tar"});
  CHECK(names(at("{b,a}/x.tar")) == Names{"b/x.tar", "a/x.tar"});
  CHECK(names(at("0000{2,0}.tar")) == Names{"00002.tar", "00000.tar"});
  CHECK(names(at("00001.tar") + "::" + at("a/x.tar")) == Names{"00001.tar", "a/x.tar"});
  CHECK(names(at("{00000..00001}.tar") + "::" + at("b")) ==
        Names{"00000.tar", "00001.tar", "b/x.tar"});
  CHECK(names(at("0*.tar")) == Names{"00000.tar", "00001.tar", "00002.tar"});
  // Tars in subfolders are named by themselves.
  CHECK(test::contains(error(folder.path().string()), "found 2 tars (a/x.tar)"));
  std::filesystem::remove_all(folder.path() / "a");
  std::filesystem::remove_all(folder.path() / "b");
  test::write_file(folder.path() / "._9.tar", "x");
  test::write_file(folder.path() / ".cache/y.tar", "x");
  std::filesystem::rename(folder.path() / "00002.tar", folder.path() / "00002.TAR");
  CHECK(names(folder.path().string()) ==
        Names{"00000.tar", "00001.tar", "00002.TAR", "10.tar", "9.tar"});
  CHECK(names(at("*.tar")) == Names{"00000.tar", "00001.tar", "10.tar", "9.tar"});
}

TEST_CASE_METHOD(ShardListTest, "the first of several braces varies slowest") {
  for (const char* name : {"p0q0.tar", "p0q1.tar", "p1q0.tar", "p1q1.tar"})
    test::write_file(folder.path() / name, "x");
  CHECK(names(at("p{0..1}q{0..1}.tar")) == Names{"p0q0.tar", "p0q1.tar", "p1q0.tar", "p1q1.tar"});
}

TEST_CASE_METHOD(ShardListTest, "a link to a shard keeps its own name") {
  std::filesystem::create_symlink(folder.path() / "9.tar", folder.path() / "link.tar");
  CHECK(names(at("link.tar")) == Names{"link.tar"});
}

TEST_CASE_METHOD(ShardListTest, "what is missing, twice or malformed is named") {
  using test::contains;
  CHECK(contains(error(at("{00000..00003}.tar")), "00003.tar: the shard does not exist"));
  CHECK(contains(error(at("*.nothing")), "no shard matches"));
  CHECK(contains(error(at("00000.tar") + "::" + at("00000.tar")), "a shard comes twice"));
  CHECK(contains(error(at("{00000..x}.tar")), "wrong braces"));
  CHECK(contains(error(at("{00002..00000}.tar")), "wrong range"));
  CHECK(contains(error(at("{0..99999999999}.tar")), "wrong range"));
  CHECK(contains(error(at("{00000.tar")), "brace without its end"));
  CHECK(contains(error(at("00000.tar") + "::"), "empty name"));
  std::filesystem::create_directory(folder.path() / "empty");
  CHECK(contains(error(at("empty")), "no tar shards in the folder"));
}

TEST_CASE_METHOD(ShardListTest, "tars are told from tables and image folders") {
  CHECK(means_shards(at("00000.tar")));
  CHECK(means_shards(at("{0..1}.tar")));
  CHECK(means_shards(folder.path().string()));
  CHECK(!means_shards(at("00000.parquet")));
}

}  // namespace
}  // namespace helip::data
