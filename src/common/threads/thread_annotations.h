// Macros that state which mutex guards which member, for Clang's thread-safety analysis. They are
// empty for other compilers. tests/build/thread_safety.sh runs the analysis, which reports as an
// error each use of a HELIP_GUARDED_BY(mutex_) member without the lock.
// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#ifdef __clang__
#define HELIP_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define HELIP_THREAD_ATTRIBUTE(x)
#endif

// Mark a class that is a mutex, and a class that locks a mutex for a scope.
#define HELIP_CAPABILITY(name) HELIP_THREAD_ATTRIBUTE(capability(name))
#define HELIP_SCOPED_CAPABILITY HELIP_THREAD_ATTRIBUTE(scoped_lockable)

// Marks a member that may be used only while `mutex` is locked.
#define HELIP_GUARDED_BY(mutex) HELIP_THREAD_ATTRIBUTE(guarded_by(mutex))

// Mark a function whose caller must hold the mutexes, one that locks them, and one that unlocks
// them.
#define HELIP_REQUIRES(...) HELIP_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define HELIP_ACQUIRE(...) HELIP_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define HELIP_RELEASE(...) HELIP_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
