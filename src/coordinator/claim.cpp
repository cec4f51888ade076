#include "coordinator/claim.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/difference.h"

namespace helip::coordinator {
namespace {

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
  if (!config::is_whole(text)) refuse("no whole configuration");
  return text;
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
  const auto found =
      config::differences(read_stored(work_dir.config()), config_yaml, config::Role::kTraining);
  if (found.empty()) return;
  refuse_other_job(cat(work_dir.root().string(), ": ", found[0].key), found[0].stored,
                   found[0].given);
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

}  // namespace helip::coordinator
