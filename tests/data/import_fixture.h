// A folder of images and captions to import, and what an import writes.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "common/json.h"
#include "common/publish.h"
#include "corpus_support.h"
#include "data/import/corpus_import.h"
#include "support/temporary_folder.h"

namespace helip::data {

struct ImportTest {
  test::TemporaryFolder folder;
  std::filesystem::path in = folder.path() / "in";
  std::filesystem::path out = folder.path() / "out";

  [[nodiscard]] ImportOptions options(const std::string& source) const {
    ImportOptions options;
    options.sources = {source};
    options.out = out;
    options.max_left_out = 1;
    return options;
  }
  // Ten images in a folder, one of them cut off, one without caption.
  void make_folder() const {
    for (int i = 0; i < 10; ++i) {
      const std::string name = "sub" + std::to_string(i % 2) + "/" + std::to_string(i);
      const std::string image = test::png(i, 20 + i, 10);
      test::write_file(in / (name + (i % 3 == 0 ? ".PNG" : ".png")),
                       i == 4 ? image.substr(0, image.size() - 40) : image);
      if (i != 7) test::write_file(in / (name + ".txt"), "picture " + std::to_string(i) + "\n");
    }
    test::write_file(in / "alone.txt", "no picture");
    test::write_file(in / "notes.md", "not a member");
  }
};

inline std::vector<Json> lines_of(const std::filesystem::path& file) {
  std::vector<Json> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  return lines;
}

inline std::map<std::string, std::string> content_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> content;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    content[entry.path().filename().string()] = read_text_file(entry.path());
  }
  return content;
}

}  // namespace helip::data
