/*
 * A bare relay: every datagram of its sender goes to every receiver. No encryption, no RTP, no state; one system call
 * to receive and one to send to all, so this is about the least CPU time in which a packet can be forwarded.
 *
 * A datagram of one byte registers its sender as a receiver. Prints "ready <port>" when it listens.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RECEIVERS_MAX 1024
#define PACKET_MAX 2048

static struct sockaddr_in receivers[RECEIVERS_MAX];
static struct mmsghdr messages[RECEIVERS_MAX];

int main(void) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t self_length = sizeof self;
  if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof self) < 0) {
    perror("udp-relay");
    return EXIT_FAILURE;
  }
  getsockname(fd, (struct sockaddr *)&self, &self_length);
  printf("ready %d\n", ntohs(self.sin_port));
  fflush(stdout);

  unsigned count = 0;
  char packet[PACKET_MAX];
  struct iovec payload = {.iov_base = packet};
  for (;;) {
    struct sockaddr_in from;
    socklen_t from_length = sizeof from;
    ssize_t length = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &from_length);
    if (length < 0) {
      perror("udp-relay");
      return EXIT_FAILURE;
    }
    if (length == 1 && count < RECEIVERS_MAX) {
      receivers[count] = from;
      messages[count].msg_hdr = (struct msghdr){.msg_name = &receivers[count],
                                                .msg_namelen = sizeof from,
                                                .msg_iov = &payload,
                                                .msg_iovlen = 1};
      count++;
      continue;
    }
    payload.iov_len = (size_t)length;
    for (unsigned sent = 0; sent < count;) {
      int n = sendmmsg(fd, messages + sent, count - sent, 0);
      if (n <= 0) break;
      sent += (unsigned)n;
    }
  }
}
