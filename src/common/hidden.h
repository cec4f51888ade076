// Which entries of folders and archives belong to programs and not to the data.
#pragma once

#include <string_view>

namespace helip {

// True if a component of `path` begins with a dot (. and .. are no names), or is what systems put
// beside users' files: @eaDir, __MACOSX, lost+found, $RECYCLE.BIN, System Volume Information,
// Thumbs.db, desktop.ini. `path` is relative to the folder or archive that the user named: what
// lies above it does not matter.
bool is_hidden(std::string_view path);

}  // namespace helip
