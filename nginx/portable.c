// What nginx/bundle links beside the objects that SwiftPM built: one program that is meta.fcgi, or metactl or meta-image
// where it is called by that name. Programs with a runtime each would be twice and three times as large.
#include <string.h>

int metactl_main(int, char **);
int meta_fcgi_main(int, char **);
int meta_image_main(int, char **);

// Debian's libstdc++ asks glibc 2.32 and newer whether there is one thread only. No is always right.
char __libc_single_threaded;

int main(int count, char **arguments) {
  const char *path = count > 0 ? arguments[0] : "";
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  if (strncmp(name, "metactl", 7) == 0) return metactl_main(count, arguments);
  if (strncmp(name, "meta-image", 10) == 0) return meta_image_main(count, arguments);
  return meta_fcgi_main(count, arguments);
}
