// Folders of images with captions beside them: links, letters, what programs leave behind, and what
// a folder may not hold.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "common/error.h"
#include "common/text.h"
#include "corpus_support.h"
#include "data/import/corpus_import.h"
#include "data/import/import_source.h"
#include "data/import/shard_list.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

namespace fs = std::filesystem;
using test::contains;

struct FolderSourceTest {
  test::TemporaryFolder folder;
  fs::path in = folder.path() / "in";

  void pair(const std::string& image, const std::string& caption) const {
    test::write_file(in / image, "image");
    test::write_file(in / caption, "caption");
  }
  std::unique_ptr<ImportSource> open() const { return open_import_source(in.string(), {}); }
  [[nodiscard]] std::string error() const {
    return test::error_of<DataError>([&] { open(); });
  }
  // The keys of the pairs, and "KEY: REASON (SAMPLES)" of the rest.
  [[nodiscard]] static std::vector<std::string> keys(const ImportSource& source) {
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < source.size(); ++i) {
      const SourcePair pair = source.read(i);
      keys.push_back(pair.problem.empty() ? pair.key : pair.key + ": " + pair.problem);
    }
    return keys;
  }
  [[nodiscard]] static std::vector<std::string> rest(const ImportSource& source) {
    std::vector<std::string> rest;
    for (const ImportProblem& problem : source.unpaired())
      rest.push_back(cat(problem.key, ": ", problem.reason, " (", problem.samples, ")"));
    return rest;
  }
};

using Names = std::vector<std::string>;

TEST_CASE_METHOD(FolderSourceTest, "links to folders and files are followed, each folder once") {
  pair("a/1.jpg", "a/1.txt");
  const fs::path outside = folder.path() / "outside";
  test::write_file(outside / "2.jpg", "image");
  test::write_file(outside / "2.txt", "caption");
  test::write_file(outside / "deep/3.jpg", "image");
  test::write_file(outside / "deep/3.txt", "caption");
  fs::create_directory_symlink("../outside", in / "b");
  fs::create_directory_symlink(outside, in / "c");         // once more
  fs::create_directory_symlink(in / "a", in / "a_again");  // read under its own name
  fs::create_directory_symlink("..", in / "a/up");         // around itself
  fs::create_directory_symlink(folder.path(), outside / "out");
  fs::create_symlink(outside / "2.jpg", in / "linked.jpg");
  fs::create_symlink(outside / "2.txt", in / "linked.txt");
  const auto source = open();
  CHECK(keys(*source) == Names{"a/1.jpg", "b/2.jpg", "b/deep/3.jpg", "linked.jpg"});
  CHECK(rest(*source) == Names{"a/up: a link to a folder around it, which is not followed (0)",
                               "a_again: a link to a folder that is read under another name (0)",
                               "b/out: a link to a folder around it, which is not followed (0)",
                               "c: a link to a folder that is read under another name (0)"});
}

TEST_CASE_METHOD(FolderSourceTest, "broken links and what is no file are named") {
  pair("a.jpg", "a.txt");
  test::write_file(in / "b.txt", "caption");
  fs::create_symlink("gone.jpg", in / "b.jpg");
  test::write_file(in / "c.jpg", "image");
  fs::create_symlink("gone.txt", in / "c.txt");
  fs::create_symlink("gone", in / "d");
  fs::create_symlink("loop.jpg", in / "loop.jpg");
  test::write_file(in / "loop.txt", "caption");
  REQUIRE(::mkfifo((in / "pipe.jpg").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((in / "pipe.txt").c_str(), 0600) == 0);
  const auto source = open();
  CHECK(keys(*source) ==
        Names{"a.jpg", "b.jpg: the image file is missing", "c.jpg: the caption file cannot be read",
              "loop.jpg: the image file is missing", "pipe.jpg: the image file is missing"});
  CHECK(rest(*source) == Names{"d: a link that leads nowhere (1)"});
}

TEST_CASE_METHOD(FolderSourceTest,
                 "extensions pair in any case; stems keep theirs and their dots") {
  pair("IMG_0.JPG", "IMG_0.TXT");
  pair("IMG_1.Jpg", "IMG_1.txt");
  pair("photo v1.0020.jpg", "photo v1.0020.txt");
  pair("photo v1.0021.PNG", "photo v1.0021.TXT");
  pair("Img_2.jpg", "img_2.txt");
  const auto source = open();
  CHECK(keys(*source) == Names{"IMG_0.JPG", "IMG_1.Jpg", "photo v1.0020.jpg", "photo v1.0021.PNG"});
  CHECK(rest(*source) == Names{"Img_2.jpg: an image without a caption (1)",
                               "img_2.txt: a caption without an image (1)"});
}

TEST_CASE_METHOD(FolderSourceTest, "files that share a stem are named") {
  pair("a.jpg", "a.txt");
  pair("a.JPG", "a.txt");
  pair("b.jpg", "b.TXT");
  pair("b.jpg", "b.txt");
  pair("c.jpg", "c.txt");
  test::write_file(in / "c.gif", "image");
  test::write_file(in / "c.json", "{}");
  const auto source = open();
  CHECK(keys(*source) == Names{"a.JPG", "a.jpg", "b.jpg", "c.jpg"});
  CHECK(rest(*source) == Names{"a.jpg: a second image of one caption; both are kept (0)",
                               "c.gif: a second image of a sample, which is not used (0)",
                               "b.TXT: a second caption of an image, which is not used (1)"});
}

TEST_CASE_METHOD(FolderSourceTest, "images that cannot be read or have no caption say why") {
  pair("a.jpg", "a.txt");
  pair("b.heic", "b.txt");
  test::write_file(in / "c.GIF", "image");
  test::write_file(in / "d.jpg", "image");
  test::write_file(in / "d.caption", "caption");
  const auto source = open();
  CHECK(rest(*source) == Names{"b.heic: an image of a format that is not read (1)",
                               "c.GIF: an image of a format that is not read (1)",
                               "d.jpg: an image without a caption (1)"});
  CHECK(source->unpaired()[2].detail == "beside it is d.caption");
}

TEST_CASE_METHOD(FolderSourceTest, "what editors, notebooks and systems leave behind is no data") {
  pair("a.jpg", "a.txt");
  pair(".ipynb_checkpoints/a-checkpoint.jpg", ".ipynb_checkpoints/a-checkpoint.txt");
  pair("@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "sub/.b.txt");
  pair("__MACOSX/a.jpg", "._a.txt");
  pair("._a.jpg", ".hidden/x.txt");
  for (const char* name : {".DS_Store", "Thumbs.db", "desktop.ini", "a.txt~", "#a.txt#",
                           "a.jpg.bak", "lost+found/b.jpg"})
    test::write_file(in / name, "x");
  const auto source = open();
  CHECK(keys(*source) == Names{"a.jpg"});
  CHECK(source->unpaired().empty());
  // A download that did not end leaves its caption alone.
  test::write_file(in / "b.jpg.crdownload", "x");
  test::write_file(in / "b.txt", "caption");
  CHECK(rest(*open()) == Names{"b.txt: a caption without an image (1)"});
  // What lies above the folder does not matter.
  const fs::path hidden = folder.path() / ".cache/in";
  fs::create_directories(hidden.parent_path());
  fs::rename(in, hidden);
  CHECK(open_import_source(hidden.string(), {})->size() == 1);
}

TEST_CASE_METHOD(FolderSourceTest, "images that are none by their names are named") {
  pair("a.jpg", "a.txt");
  for (const char* name : {"def", "sub/a.jpg.1", "b.JPG?size=large", "a.orig"})
    test::write_file(in / name, test::png(1));
  test::write_file(in / "jpeg", "\xFF\xD8\xFF\xE0 and so on");
  test::write_file(in / "webp", "RIFF1234WEBPVP8 ");
  test::write_file(in / "README", "about");
  test::write_file(in / "facts.bin", "RIFF1234WAVE");
  REQUIRE(::mkfifo((in / "pipe").c_str(), 0600) == 0);
  const std::string reason = ": an image without an image's extension, which is passed over (0)";
  CHECK(rest(*open()) == Names{"def" + reason, "jpeg" + reason, "webp" + reason,
                               "b.JPG?size=large" + reason, "sub/a.jpg.1" + reason});
}

TEST_CASE_METHOD(FolderSourceTest,
                 "tars beside pairs, in subfolders or packed are refused by name") {
  pair("a.jpg", "a.txt");
  const std::string tar =
      test::tar_member("x.jpg", "1") + test::tar_member("x.txt", "x") + test::kTarEnd;
  test::write_file(in / "left.tar", tar);
  CHECK(contains(error(), "the folder holds tars and images with captions"));
  CHECK(contains(error(), "found 1 tar (left.tar) and 1 image with a caption (a.jpg)"));
  CHECK(contains(test::error_of<DataError>([&] { list_shards(in.string()); }), "(left.tar)"));
  fs::rename(in / "left.tar", in / "LEFT.TAR");
  CHECK(contains(error(), "1 tar (LEFT.TAR)"));
  fs::create_directories(in / "sub");
  fs::rename(in / "LEFT.TAR", in / "sub/left.tar");
  CHECK(contains(error(), "1 tar (sub/left.tar) and 1 image with a caption (a.jpg)"));

  fs::remove(in / "a.jpg");
  fs::remove(in / "a.txt");
  CHECK(contains(error(), "tars in subfolders"));
  CHECK(contains(error(), "found 1 tar (sub/left.tar)"));
  test::write_file(in / "top.tar", tar);
  CHECK(contains(error(), "tars in subfolders"));
  fs::remove_all(in / "sub");
  test::write_file(in / "README.txt", "about");
  test::write_file(in / "._top.tar", "fork");
  CHECK(open()->size() == 1);

  test::write_file(in / "top.tar.1", tar);
  CHECK(contains(error(), "found 1 such tar (top.tar.1)"));
  fs::remove(in / "top.tar.1");
  test::write_file(in / "0.tar.gz", "x");
  CHECK(contains(error(), "compressed tars in the folder"));
  fs::remove(in / "top.tar");
  CHECK(contains(error(), "found 1 compressed tar (0.tar.gz)"));
}

TEST_CASE_METHOD(FolderSourceTest, "a folder without pairs says what it holds instead") {
  test::write_file(in / "im/a.jpg", "image");
  test::write_file(in / "im/b.jpg", "image");
  test::write_file(in / "captions.csv", "filepath,title\n");
  const std::string line = error();
  CAPTURE(line);
  CHECK(contains(line, "2 files that are no pair, as im/a.jpg (an image without a caption)"));
  CHECK(contains(line, "captions.csv, which may be their table"));
}

TEST_CASE_METHOD(FolderSourceTest, "a corpus may be made inside of its source, again and again") {
  test::write_file(in / "a.png", test::png(1));
  test::write_file(in / "a.txt", "a picture");
  ImportOptions options;
  options.sources = {in.string()};
  options.out = in / "corpus/";
  const std::string before = import_identity(options);
  test::write_file(in / "corpus.import/corpus/00000.tar", "x");
  test::write_file(in / "corpus.import/progress.jsonl", "{}");
  CHECK(import_identity(options) == before);
  import_corpus(options);
  CHECK(import_identity(options) == before);
  CHECK(rest(*open()) == Names{"corpus: a corpus folder, which is imported by its own name (0)"});
}

TEST_CASE_METHOD(FolderSourceTest,
                 "paths that cannot be looked at are named by the system's reason") {
  const auto error_at = [](const std::string& path) {
    return test::error_of<DataError>([&] { open_import_source(path, {}); });
  };
  CHECK(contains(error_at((folder.path() / "none.csv").string()), "No such file or directory"));
  CHECK(contains(error_at(std::string(5000, 'a')), "File name too long"));
  CHECK(contains(error_at(std::string(300, 'a') + ".tar"), "File name too long"));
  fs::create_symlink("loop", folder.path() / "loop");
  CHECK(contains(error_at((folder.path() / "loop").string()), "symbolic links"));
  CHECK(!error_at("/dev/null").empty());
  test::write_file(folder.path() / "a.tar", "x");
  CHECK(contains(error_at((folder.path() / "a.tar/b.tar").string()), "Not a directory"));
  ImportOptions options;
  options.sources = {"a.tar"};
  CHECK(contains(test::error_of<ConfigError>([&] { import_corpus(options); }), "no output folder"));
}

}  // namespace
}  // namespace helip::data
