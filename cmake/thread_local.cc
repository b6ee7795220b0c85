// MinGW's thread_local objects live in memory that libgcc frees when their thread ends, before
// libstdc++ runs their destructors (both hang on destructors of POSIX keys, and libgcc's key is the
// older one). A destructor then frees what it finds in freed memory: an access violation, which the
// loader swallows, with winpthreads' lock on the keys held. The process hangs when it exits.
//
// So destructors of our libraries' thread_local objects are not registered at all: what such an
// object owns is leaked with its thread. Linked into every library of a MinGW build; this
// definition goes before libstdc++'s.
extern "C" int __cxa_thread_atexit(void (*)(void *), void *, void *) { return 0; }
