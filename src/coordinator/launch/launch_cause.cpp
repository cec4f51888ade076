#include "coordinator/launch/launch_cause.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <string_view>
#include <vector>

#include "common/text.h"

namespace helip::coordinator {
namespace {

// Bytes of a line of the error that a launch ends with.
constexpr std::size_t kLongestCause = 240;

// mpirun prints its messages between lines of dashes. These frames say that something failed, and
// not why; the reason is in another one, outside of them, or nowhere.
constexpr std::array<std::string_view, 7> kGenericFrames = {
    "Primary job  terminated normally",
    "mpirun detected that one or more processes exited with non-zero status",
    "ORTE was unable to reliably start one or more daemons",
    "An ORTE daemon has unexpectedly failed",
    "An internal error has occurred in ORTE",
    "It looks like orte_init failed",
    "It looks like MPI_INIT failed",
};

// Outside of frames: mpirun's own traces, its counts of messages, and warnings of libraries.
constexpr std::array<std::string_view, 12> kNoise = {
    "PMIX ERROR",
    "ORTE_ERROR_LOG",
    "FORCE-TERMINATE",
    "sent help message",
    "Set MCA parameter",
    "total processes failed to start",
    "mpirun --help",
    "[W",
    "WARNING",
    "Warning",
    "*** ",
    "Local abort before MPI_INIT",
};

constexpr std::array<std::string_view, 13> kPermanent = {
    "error while loading shared libraries",
    "could not access or execute an executable",
    "bad interpreter",
    "symbol lookup error",
    "command not found",
    "does not support recursive calls",
    "unknown option",
    "Could not resolve hostname",
    "not enough slots",
    "listed multiple times",
    "Conflicting directives",
    "could not be found",
    "expects to find the following environment variable",
};

template <std::size_t N>
bool holds_any(std::string_view text, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

bool is_ruler(std::string_view line) {
  return line.size() >= 20 && line.find_first_not_of('-') == std::string_view::npos;
}

bool is_decoration(std::string_view line) {
  return line.find_first_not_of(" \t-*=") == std::string_view::npos;
}

// "date | level | text", as workers log.
bool is_log_line(std::string_view line) {
  return holds_any(line, std::array<std::string_view, 3>{"| info |", "| warning |", "| debug |"});
}

// Words with single spaces between them.
std::string squeezed(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    const bool space = std::isspace(static_cast<unsigned char>(letter)) != 0;
    if (!space) {
      out += letter;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// A frame's first paragraph with the list that it announces, and the lines "Name: value" of the
// others.
class Frame {
 public:
  void add(const std::string& line) {
    if (is_decoration(line)) {
      list_may_follow_ = list_may_follow_ || (!paragraph_over_ && text_.ends_with(':'));
      paragraph_over_ = paragraph_over_ || !text_.empty();
      return;
    }
    list_may_follow_ = list_may_follow_ && line.starts_with(' ');
    const std::size_t colon = line.find(": ");
    const bool names_value = colon != std::string::npos && colon < 24;
    if (!paragraph_over_ || names_value || list_may_follow_)
      text_ += (text_.empty() ? "" : " ") + line;
  }
  [[nodiscard]] std::string text() const { return squeezed(text_); }
  [[nodiscard]] bool generic() const {
    return std::any_of(kGenericFrames.begin(), kGenericFrames.end(),
                       [&](std::string_view start) { return text_.starts_with(start); });
  }

 private:
  std::string text_;
  bool paragraph_over_ = false;
  bool list_may_follow_ = false;
};

struct Parts {
  std::string error;          // the last one of a worker
  std::string said;           // the first line outside of frames that is no noise
  std::string frame;          // the first that tells a reason
  std::string generic_frame;  // the first of the others
  std::string no_room;        // mpirun's trace of a full temporary folder
  std::string last;           // of all

  void take(const Frame& read) {
    std::string& place = read.generic() ? generic_frame : frame;
    if (place.empty()) place = read.text();
  }
};

Parts parts_of(std::istream& log) {
  Parts parts;
  std::string line;
  std::vector<Frame> open;  // at most one
  while (std::getline(log, line)) {
    if (line.find("| error |") != std::string::npos) {
      parts.error = line;
    } else if (is_ruler(line)) {
      if (open.empty()) {
        open.emplace_back();
      } else {
        parts.take(open.back());
        open.clear();
      }
    } else if (!open.empty() && !is_log_line(line)) {
      open.back().add(line);
    } else if (!is_decoration(line)) {
      parts.last = line;
      if (line.find("OUT-OF-RESOURCE") != std::string::npos) parts.no_room = line;
      const bool quiet = is_log_line(line) || holds_any(line, kNoise);
      if (parts.said.empty() && !quiet) parts.said = line;
    }
  }
  if (!open.empty()) parts.take(open.back());
  return parts;
}

}  // namespace

LaunchCause launch_cause(const std::filesystem::path& log_file) {
  std::ifstream log(log_file);
  const Parts parts = parts_of(log);
  std::string text = parts.error;
  if (text.empty()) {
    text = squeezed(parts.said);
    if (!parts.frame.empty()) text += cat(text.empty() ? "" : "; ", parts.frame);
    if (text.empty() && !parts.no_room.empty()) {
      text = "mpirun found no room for its files (TMPDIR, else /tmp): " + parts.no_room;
    }
    if (text.empty()) text = parts.generic_frame;
    if (text.empty()) text = parts.last;
  }
  return {shortened(text, kLongestCause), holds_any(text, kPermanent)};
}

}  // namespace helip::coordinator
