// Owners of CUDA memory, streams and events. For .cu files alone.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <utility>

#include "common/error.h"

namespace helip::mining::cuda {

// Throws Error naming the call unless `code` means success.
inline void check(cudaError_t code, const char* call) {
  if (code == cudaSuccess) return;
  // Clears the error: a caller that goes on without this device must not meet it at a later call.
  cudaGetLastError();
  throw Error({.what = "CUDA failed", .where = call, .found = cudaGetErrorString(code)});
}

// Makes a device current in this thread; the destructor makes the former one current again.
class CurrentDevice {
 public:
  explicit CurrentDevice(int device) {
    check(cudaGetDevice(&former_), "cudaGetDevice");
    check(cudaSetDevice(device), "cudaSetDevice");
  }
  ~CurrentDevice() { cudaSetDevice(former_); }
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  int former_ = 0;
};

// `size` values in device memory, not initialised.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size = 0) : size_(size) {
    if (size > 0) check(cudaMalloc(&values_, size * sizeof(T)), "cudaMalloc");
  }
  ~DeviceArray() { cudaFree(values_); }
  DeviceArray(DeviceArray&& other) noexcept { swap(other); }
  DeviceArray& operator=(DeviceArray&& other) noexcept {
    swap(other);
    return *this;
  }
  [[nodiscard]] T* get() const { return values_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  void swap(DeviceArray& other) {
    std::swap(values_, other.values_);
    std::swap(size_, other.size_);
  }
  T* values_ = nullptr;
  std::size_t size_ = 0;
};

// `size` values in page-locked host memory: copies from and to it do not block the host.
template <typename T>
class PinnedArray {
 public:
  explicit PinnedArray(std::size_t size = 0) : size_(size) {
    if (size > 0) check(cudaMallocHost(&values_, size * sizeof(T)), "cudaMallocHost");
  }
  ~PinnedArray() { cudaFreeHost(values_); }
  PinnedArray(PinnedArray&& other) noexcept { swap(other); }
  PinnedArray& operator=(PinnedArray&& other) noexcept {
    swap(other);
    return *this;
  }
  [[nodiscard]] T* get() const { return values_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return values_[i]; }
  const T& operator[](std::size_t i) const { return values_[i]; }

 private:
  void swap(PinnedArray& other) {
    std::swap(values_, other.values_);
    std::swap(size_, other.size_);
  }
  T* values_ = nullptr;
  std::size_t size_ = 0;
};

// A CUDA stream: its work is done in order.
class Stream {
 public:
  Stream() {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
  }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  [[nodiscard]] cudaStream_t get() const { return stream_; }
  void synchronize() const { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event() { check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "cudaEventCreate"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(const Stream& stream) {
    check(cudaEventRecord(event_, stream.get()), "cudaEventRecord");
  }
  // Blocks the host until the recorded work is done; returns at once if the event was never
  // recorded.
  void synchronize() const { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }
  // Makes later work on the stream wait for the recorded work, without blocking the host.
  void hold(const Stream& stream) const {
    check(cudaStreamWaitEvent(stream.get(), event_), "cudaStreamWaitEvent");
  }

 private:
  cudaEvent_t event_ = nullptr;
};

// Starts to copy `count` values to, from or within device memory, in the order of the stream.
template <typename T>
void copy(T* to, const T* from, std::size_t count, const Stream& stream) {
  if (count == 0) return;
  check(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyDefault, stream.get()),
        "cudaMemcpyAsync");
}

}  // namespace helip::mining::cuda
