// The progress line: the last line of a terminal's stderr, which is drawn again and again. Other
// text is written above it. A process has one progress line, since it has one stderr. Thread-safe.
#pragma once

#include <string_view>

namespace helip {

// Replaces the progress line by `text`, cut to the terminal's width, since a line that wraps could
// not be drawn over. `text` must hold no control characters.
void draw_last_line(std::string_view text);

// Leaves the progress line as it is and continues on the next line. Does nothing if no progress
// line is drawn.
void end_last_line();

// Writes whole lines to stderr, above the progress line if one is drawn.
void write_to_stderr(std::string_view lines);

}  // namespace helip
