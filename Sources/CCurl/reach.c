// Which addresses are public, asked of the address that is about to be connected to: a name that is looked up twice may
// mean another one the second time.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "ccurl.h"

struct network {
  uint32_t address, bits;
};

// The registry of special-purpose IPv4 addresses (RFC 6890 and its followers), and what is no single host's.
static const struct network special[] = {
    {0x00000000, 8},   // This network.
    {0x0a000000, 8},   // Private.
    {0x64400000, 10},  // Of carriers behind their NAT.
    {0x7f000000, 8},   // Loopback.
    {0xa9fe0000, 16},  // Link-local, and the metadata of clouds.
    {0xac100000, 12},  // Private.
    {0xc0000000, 24},  // Of protocols.
    {0xc0000200, 24},  // For documents.
    {0xc0586300, 24},  // 6to4.
    {0xc0a80000, 16},  // Private.
    {0xc6120000, 15},  // For benchmarks.
    {0xc6336400, 24},  // For documents.
    {0xcb007100, 24},  // For documents.
    {0xe0000000, 4},   // Multicast.
    {0xf0000000, 4},   // Reserved, and broadcast.
};

static bool is_public_4(uint32_t address) {
  for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
    if ((address ^ special[i].address) >> (32 - special[i].bits) == 0) return false;
  }
  return true;
}

/// Only what is given out to hosts, 2000::/3: neither unique local, link-local nor multicast, no IPv4 address in disguise
/// (::ffff:0:0/96, ::/96) and none behind NAT64 (64:ff9b::/96, 64:ff9b:1::/48).
static bool is_public_6(const uint8_t *byte) {
  if (byte[0] >> 5 != 1) return false;
  if (byte[0] == 0x20 && byte[1] == 0x02) return false;                                      // 6to4
  if (byte[0] == 0x20 && byte[1] == 0x01 && byte[2] < 0x02) return false;                    // Teredo, of protocols
  if (byte[0] == 0x20 && byte[1] == 0x01 && byte[2] == 0x0d && byte[3] == 0xb8) return false;  // for documents
  if (byte[0] == 0x3f && byte[1] == 0xff && byte[2] < 0x10) return false;                    // for documents
  return true;
}

bool ccurl_may_reach(enum ccurl_reach reach, const struct sockaddr *address) {
  if (reach == ccurl_anywhere) return true;
  if (address->sa_family == AF_INET) {
    struct sockaddr_in ipv4;
    memcpy(&ipv4, address, sizeof ipv4);
    uint32_t number = ntohl(ipv4.sin_addr.s_addr);
    return reach == ccurl_loopback ? number >> 24 == 127 : is_public_4(number);
  }
  if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 ipv6;
    memcpy(&ipv6, address, sizeof ipv6);
    return reach == ccurl_loopback ? IN6_IS_ADDR_LOOPBACK(&ipv6.sin6_addr) : is_public_6(ipv6.sin6_addr.s6_addr);
  }
  return false;
}

bool ccurl_may_reach_text(enum ccurl_reach reach, const char *text) {
  struct sockaddr_in ipv4 = {.sin_family = AF_INET};
  struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
  if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1) return ccurl_may_reach(reach, (struct sockaddr *)&ipv4);
  return inet_pton(AF_INET6, text, &ipv6.sin6_addr) == 1 && ccurl_may_reach(reach, (struct sockaddr *)&ipv6);
}
