// What nginx/bundle links beside the objects that SwiftPM built: one program that is meta.fcgi, or metactl where it is
// called by that name. Two programs with a runtime each would be twice as large.
#include <string.h>

int metactl_main(int, char **);
int meta_fcgi_main(int, char **);

// Debian's libstdc++ asks glibc 2.32 and newer whether there is one thread only. No is always right.
char __libc_single_threaded;

int main(int count, char **arguments) {
  const char *path = count > 0 ? arguments[0] : "";
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  return strncmp(name, "metactl", 7) == 0 ? metactl_main(count, arguments) : meta_fcgi_main(count, arguments);
}
