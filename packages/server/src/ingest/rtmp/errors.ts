/** What somebody sent is no RTMP, or more than is taken. It ends his connection and nothing else. */
export class RtmpError extends Error {}
