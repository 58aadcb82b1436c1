import { expect, test } from 'vitest';
import { isWebhookUrl } from '../../../src/webhooks/url.js';

test.each([
  ['https://receiver.example/hook?key=1', true],
  ['http://receiver.example', true],
  ['HTTP://receiver.example', true],
  ['file:///etc/passwd', false],
  ['ftp://receiver.example/', false],
  ['javascript:alert(1)', false],
  ['//receiver.example/', false],
  ['receiver.example', false],
  ['http:receiver.example', false],
  ['http:/receiver.example', false],
  [' http://receiver.example', false],
  ['http://receiver.example/a b', false],
  ['http:///receiver.example', false],
  ['', false],
])('isWebhookUrl(%j) is %j', (url, expected) => {
  expect(isWebhookUrl(url)).toBe(expected);
});
