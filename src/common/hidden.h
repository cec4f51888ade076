// Tells which entries of folders and archives belong to programs and not to the data.
#pragma once

#include <string_view>

namespace helip {

// Returns true if a component of `path` begins with a dot (other than . and ..), or is a name that
// systems put beside users' files: @eaDir, __MACOSX, lost+found, $RECYCLE.BIN, System Volume
// Information, Thumbs.db, desktop.ini. `path` is relative to the folder or archive that the user
// named, so that folders above it do not matter.
bool is_hidden(std::string_view path);

}  // namespace helip
