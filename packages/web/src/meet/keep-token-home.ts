const TROUBLESHOOTING_HOST = 'test.realtime.cloudflare.com';

/**
 * The kit's failure screens carry a link to its vendor's troubleshooting page with the participant token in
 * it. A content security policy does not stop a click, so the click is stopped here: tokens of this server
 * stay with this server.
 */
export function keepTokenHome(document: Document): void {
  const stop = (event: Event) => {
    const leaves = event
      .composedPath()
      .some((element) => element instanceof HTMLAnchorElement && element.hostname === TROUBLESHOOTING_HOST);
    if (leaves) event.preventDefault();
  };
  document.addEventListener('click', stop, { capture: true });
  document.addEventListener('auxclick', stop, { capture: true });
}
