#include "coordinator/claim.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <sstream>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/fields.h"

namespace helip::coordinator {
namespace {

// "section.key" → value, of YAML as config::to_yaml writes it: one key a line, nesting by
// indentation.
std::map<std::string, std::string> flatten(const std::string& yaml) {
  std::map<std::string, std::string> values;
  std::vector<std::pair<std::size_t, std::string>> path;
  std::istringstream lines(yaml);
  std::string line;
  std::size_t item = 0;
  while (std::getline(lines, line)) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') continue;
    while (!path.empty() && path.back().first >= indent) path.pop_back();
    std::string key;
    for (const auto& [depth, name] : path) key += name + ".";
    const std::size_t colon = line.find(':', indent);
    if (line[indent] == '-' || colon == std::string::npos) {
      path.emplace_back(indent, cat("#", item));
      values[cat(key, "#", item++)] = line.substr(indent);
      continue;
    }
    const std::string name = line.substr(indent, colon - indent);
    const std::string value = colon + 2 <= line.size() ? line.substr(colon + 2) : "";
    if (value.empty()) path.emplace_back(indent, name);
    values[key + name] = value;
  }
  return values;
}

// The roles of sections and of "section.key"s, as the digests see them.
std::map<std::string, config::Role> roles() {
  std::map<std::string, config::Role> roles;
  config::for_each_field<config::RunConfig>([&](const auto& section) {
    const std::string name(section.name);
    roles[name] = section.role;
    using Section = std::remove_cvref_t<decltype(config::RunConfig{}.*section.member)>;
    config::for_each_field<Section>([&](const auto& field) {
      roles[cat(name, ".", field.name)] = std::max(section.role, field.role);
    });
  });
  return roles;
}

config::Role role_of(const std::string& key) {
  static const std::map<std::string, config::Role> known = roles();
  const std::size_t section_end = std::min(key.find('.'), key.size());
  const std::size_t field_end = std::min(key.find('.', section_end + 1), key.size());
  const auto field = known.find(key.substr(0, field_end));
  if (field != known.end()) return field->second;
  // A key of an older program, or an item of a list.
  const auto section = known.find(key.substr(0, section_end));
  return section == known.end() ? config::Role::kTraining : section->second;
}

// The configuration that a job has left in its work directory.
std::string read_stored(const std::filesystem::path& file) {
  const auto refuse = [&](const char* found) {
    throw ConfigError({.what = "the work directory's configuration is damaged",
                       .where = file.string(),
                       .expected = "the file that the job wrote there",
                       .found = found});
  };
  if (!std::filesystem::is_regular_file(file)) refuse("no file");
  std::string text = read_text_file(file);
  if (text.empty()) refuse("an empty file");
  const auto values = flatten(text);
  for (const char* section : {"corpus", "model", "train"}) {
    if (!values.contains(section)) refuse("no whole configuration");
  }
  return text;
}

// For a message.
std::string shown(const std::map<std::string, std::string>& values, const std::string& key) {
  const auto found = values.find(key);
  if (found == values.end()) return "nothing";
  if (!found->second.empty()) return found->second;
  const auto below = std::next(found);
  return below != values.end() && below->first.starts_with(key + ".#") ? "a list" : "keys below it";
}

[[noreturn]] void refuse_other_job(const std::string& where, const std::string& stored,
                                   const std::string& given) {
  throw ConfigError(
      {.what = "the work directory holds a job of another configuration; take another --work-dir",
       .where = where,
       .expected = stored,
       .found = given});
}

StoreError system_failure(const char* what, const std::filesystem::path& path) {
  return StoreError(
      {.what = what, .where = path.string(), .found = std::generic_category().message(errno)});
}

}  // namespace

void expect_same_training(const jobs::WorkDir& work_dir, const std::string& config_yaml) {
  if (!std::filesystem::exists(work_dir.config())) return;
  const auto difference =
      first_difference(read_stored(work_dir.config()), config_yaml, config::Role::kTraining);
  if (!difference) return;
  refuse_other_job(cat(work_dir.root().string(), ": ", difference->key), difference->stored,
                   difference->given);
}

void claim(const jobs::WorkDir& work_dir, const std::string& config_yaml,
           const std::string& training_digest, const std::string& stored_digest) {
  if (stored_digest != training_digest) {
    // Where the ledger was lost, the configuration beside it still tells whose results lie here.
    expect_same_training(work_dir, config_yaml);
    if (!stored_digest.empty()) {
      refuse_other_job(work_dir.root().string(), cat("training digest ", stored_digest),
                       cat("training digest ", training_digest));
    }
  }
  const bool same = std::filesystem::exists(work_dir.config()) &&
                    read_text_file(work_dir.config()) == config_yaml;
  if (!same) publish_file(work_dir.config(), config_yaml);
}

void publish_address(const jobs::WorkDir& work_dir, const std::string& text) {
  const auto temporary = work_dir.address().string() + cat(".tmp.", ::getpid());
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) throw system_failure("cannot write the coordinator's address", temporary);
  const std::string line = text + "\n";
  const bool written = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::close(file);
  if (!written || ::rename(temporary.c_str(), work_dir.address().c_str()) != 0) {
    const StoreError failure =
        system_failure("cannot write the coordinator's address", work_dir.address());
    ::unlink(temporary.c_str());
    throw failure;
  }
}

void remove_address(const jobs::WorkDir& work_dir) noexcept {
  ::unlink(work_dir.address().c_str());
}

std::optional<ConfigDifference> first_difference(const std::string& stored_yaml,
                                                 const std::string& yaml, config::Role role) {
  const auto there = flatten(stored_yaml);
  const auto here = flatten(yaml);
  std::map<std::string, std::string> keys = there;
  keys.insert(here.begin(), here.end());
  for (const auto& entry : keys) {
    const std::string& key = entry.first;
    if (role_of(key) != role) continue;
    const auto stored = there.find(key), given = here.find(key);
    const bool same =
        stored != there.end() && given != here.end() && stored->second == given->second;
    if (!same) return ConfigDifference{key, shown(there, key), shown(here, key)};
  }
  return std::nullopt;
}

}  // namespace helip::coordinator
