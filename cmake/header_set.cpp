// What a set of precompiled headers is built with (HelipPrecompiled.cmake): a target needs a source.
