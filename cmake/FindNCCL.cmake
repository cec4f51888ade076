# NCCL of the PyPI wheel (nvidia/nccl beside torch): the toolkit's own is older than what libtorch_cuda was built with.
# Imported target NCCL::NCCL.
set(_nccl "${HELIP_TORCH_DIR}/../nvidia/nccl")
if(NOT EXISTS "${_nccl}/include/nccl.h")
  message(FATAL_ERROR "NCCL: no ${_nccl}/include/nccl.h; install the nvidia-nccl wheel that torch depends on")
endif()
file(GLOB _nccl_library "${_nccl}/lib/libnccl.so.2")
add_library(NCCL::NCCL SHARED IMPORTED)
set_target_properties(NCCL::NCCL PROPERTIES
  IMPORTED_LOCATION "${_nccl_library}" INTERFACE_INCLUDE_DIRECTORIES "${_nccl}/include")
