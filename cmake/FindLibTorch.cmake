# LibTorch from the PyPI wheel: imported target LibTorch::LibTorch, without TorchConfig.cmake, which fails on a machine
# that has no CUDA toolkit. The wheel's folder comes from HELIP_TORCH_DIR, else from the virtual environment that
# scripts/setup.sh made, else from the Python on PATH.
set(HELIP_TORCH_DIR "" CACHE PATH "Folder of the torch Python package (…/site-packages/torch)")
if(NOT HELIP_TORCH_DIR)
  set(candidates "$ENV{HELIP_VENV}" "$ENV{HELIP_CACHE}/venv" "$ENV{HOME}/.cache/helip/venv")
  foreach(venv IN LISTS candidates)
    file(GLOB found "${venv}/lib/python3*/site-packages/torch")
    if(found)
      list(GET found 0 HELIP_TORCH_DIR)
      break()
    endif()
  endforeach()
endif()
if(NOT HELIP_TORCH_DIR)
  execute_process(COMMAND python3 -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
    OUTPUT_VARIABLE HELIP_TORCH_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT EXISTS "${HELIP_TORCH_DIR}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch: no libtorch_cpu.so under '${HELIP_TORCH_DIR}/lib'. Run scripts/setup.sh or set HELIP_TORCH_DIR.")
endif()

file(GLOB _nvidia_lib_dirs "${HELIP_TORCH_DIR}/../nvidia/*/lib")
add_library(LibTorch::c10 SHARED IMPORTED)
set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION "${HELIP_TORCH_DIR}/lib/libc10.so")
add_library(LibTorch::torch_cpu SHARED IMPORTED)
set_target_properties(LibTorch::torch_cpu PROPERTIES IMPORTED_LOCATION "${HELIP_TORCH_DIR}/lib/libtorch_cpu.so")

add_library(LibTorch::LibTorch INTERFACE IMPORTED)
target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
  "${HELIP_TORCH_DIR}/include" "${HELIP_TORCH_DIR}/include/torch/csrc/api/include")
target_link_libraries(LibTorch::LibTorch INTERFACE LibTorch::torch_cpu LibTorch::c10)
target_link_options(LibTorch::LibTorch INTERFACE "-Wl,-rpath,${HELIP_TORCH_DIR}/lib")
foreach(dir IN LISTS _nvidia_lib_dirs)
  target_link_options(LibTorch::LibTorch INTERFACE "-Wl,-rpath-link,${dir}")
endforeach()
# The names of tensors carry shapes (image_BD), and LibTorch's own headers trip -Wshadow and -Wconversion in templates
# instantiated by our code.
target_compile_options(LibTorch::LibTorch INTERFACE -Wno-shadow -Wno-conversion)

if(HELIP_WITH_CUDA)
  foreach(name torch torch_cuda c10_cuda)
    add_library(LibTorch::${name} SHARED IMPORTED)
    set_target_properties(LibTorch::${name} PROPERTIES IMPORTED_LOCATION "${HELIP_TORCH_DIR}/lib/lib${name}.so")
  endforeach()
  # Nothing of ours names a symbol of libtorch_cuda that registers the CUDA operators, so it must stay linked.
  add_library(LibTorch::Cuda INTERFACE IMPORTED)
  target_link_libraries(LibTorch::Cuda INTERFACE
    "-Wl,--no-as-needed" LibTorch::torch_cuda LibTorch::c10_cuda "-Wl,--as-needed" LibTorch::LibTorch)
endif()
message(STATUS "LibTorch: ${HELIP_TORCH_DIR}")
