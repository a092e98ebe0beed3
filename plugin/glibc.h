/*
 * The symbols of glibc that got a new version when libpthread and libdl became part of libc (2.32, 2.34), bound to the version that they have
 * had from the beginning, so that a build on a new system loads on an old one. make build includes this before every C file of the plugin
 * and of Go's runtime, and links the old libraries, where an old system has these functions.
 */
#if !defined(__ASSEMBLER__) && defined(__linux__)
#if defined(__x86_64__)
#define SIGMA_OLD(name, version) __asm__(".symver " #name ", " #name "@GLIBC_" version);
#elif defined(__aarch64__)
#define SIGMA_OLD(name, version) __asm__(".symver " #name ", " #name "@GLIBC_2.17");
#endif
#ifdef SIGMA_OLD
SIGMA_OLD(dladdr1, "2.3.3")
SIGMA_OLD(dlclose, "2.2.5")
SIGMA_OLD(dlopen, "2.2.5")
SIGMA_OLD(dlsym, "2.2.5")
SIGMA_OLD(pthread_attr_getstack, "2.2.5")
SIGMA_OLD(pthread_attr_getstacksize, "2.2.5")
SIGMA_OLD(pthread_create, "2.2.5")
SIGMA_OLD(pthread_getattr_np, "2.2.5")
SIGMA_OLD(pthread_key_create, "2.2.5")
SIGMA_OLD(pthread_once, "2.2.5")
SIGMA_OLD(pthread_setspecific, "2.2.5")
SIGMA_OLD(pthread_sigmask, "2.2.5")
#endif
#endif
