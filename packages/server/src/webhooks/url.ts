/** Only these are called; the management API refuses other URLs when a webhook is registered. */
export function isWebhookUrl(url: string): boolean {
  return URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol);
}
