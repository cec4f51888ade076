#include "common/path_kind.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "common/publish.h"
#include "support/temporary_folder.h"

namespace fs = std::filesystem;

namespace helip {

TEST_CASE("the nearest existing folder is the path itself or one above it") {
  const test::TemporaryFolder folder;
  const fs::path root = folder.path();
  fs::create_directories(root / "there");
  publish_file(root / "file", "x");
  fs::create_symlink(root / "nowhere", root / "link");
  CHECK(nearest_existing(root / "there") == root / "there");
  CHECK(nearest_existing(root / "there/a/b") == root / "there");
  CHECK(nearest_existing(root / "file/a") == root / "file");
  CHECK(nearest_existing(root / "link") == root / "link");
  CHECK(nearest_existing(root / "link/a") == root / "link");
  CHECK(nearest_existing("/") == "/");
  CHECK(nearest_existing("/no/such/folder") == "/");
  CHECK(nearest_existing("no/such/folder") == fs::current_path());
}

}  // namespace helip
