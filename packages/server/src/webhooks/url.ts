/** Only these are called; the management API refuses other URLs when a webhook is registered. */
export function isWebhookUrl(url: string): boolean {
  return /^https?:\/\/[^\s/]/i.test(url) && !/\s/.test(url) && URL.canParse(url);
}
