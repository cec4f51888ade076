#include "config/parse_suite.h"

#include "config/parse.h"
#include "config/yaml/parse_tree.h"

namespace helip::config {

SuiteConfig load_suite(const std::filesystem::path& file, const std::filesystem::path& data_root) {
  SuiteConfig suite;
  Positions positions;
  read_fields(read_tree(file), std::filesystem::absolute(data_root), suite, positions);
  expect_none(first_violation(suite), positions, file.string());
  return suite;
}

}  // namespace helip::config
