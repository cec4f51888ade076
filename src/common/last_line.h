// The last line of a terminal's stderr while it is drawn anew, as progress is: what else is written
// goes above it. One in a process, as stderr is. Thread-safe.
#pragma once

#include <string_view>

namespace helip {

// Replaces the last line by `text`, cut to the terminal's width: a line that wraps could
// not be drawn over. Control characters are the caller's to leave out.
void draw_last_line(std::string_view text);

// Leaves the line as it is and goes on below it. Nothing if none is drawn.
void end_last_line();

// Writes whole lines to stderr: above the last line where one is drawn.
void write_to_stderr(std::string_view lines);

}  // namespace helip
