/** What Safari, whose canvas cannot blur, gets behind a person in place of the blurred room: large, soft and grey. */
export function softBackground(): Blob {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="1920" height="1080">
  <defs><radialGradient id="light"><stop offset="0" stop-color="#a8adb5"/><stop offset="1" stop-color="#5d636d"/></radialGradient></defs>
  <rect width="1920" height="1080" fill="url(#light)"/>
</svg>`;
  return new Blob([drawing], { type: 'image/svg+xml' });
}
