import { describe, expect, it } from 'vitest';
import { pageHeaders, recordPageHeaders } from '../../../src/pages/page-headers.js';

const policyFor = (host: string | undefined, baseDomain = 'localhost:8443') =>
  pageHeaders(host, baseDomain)['content-security-policy']!;

const directive = (policy: string, name: string) =>
  policy
    .split('; ')
    .find((part) => part.startsWith(`${name} `))
    ?.split(' ')
    .slice(1);

describe('the content security policy of the meeting page', () => {
  it('lets the page reach its own origin and the six hosts of the SDK, and nothing else (S20)', () => {
    expect(directive(policyFor('meet.example.com', 'meet.example.com'), 'connect-src')).toEqual([
      "'self'",
      'ws://meet.example.com',
      'wss://meet.example.com',
      'https://*.meet.example.com',
      'wss://*.meet.example.com',
    ]);
  });

  it('names the base domain as well when the page was opened under another name', () => {
    const sources = directive(policyFor('localhost:8080'), 'connect-src');
    expect(sources).toContain('wss://*.localhost:8443');
    expect(sources).toContain('https://*.localhost:8080');
  });

  it('allows scripts and WebAssembly from files only', () => {
    expect(directive(policyFor('localhost:8080'), 'script-src')).toEqual(["'self'", "'wasm-unsafe-eval'"]);
    expect(directive(policyFor('localhost:8080'), 'default-src')).toEqual(["'none'"]);
  });

  it.each([
    "evil.example; script-src 'unsafe-inline'",
    'evil.example https://other.example',
    'a,b',
    '-a',
    '',
  ])('leaves a Host header out that is no host name: %j', (host) => {
    expect(policyFor(host)).toBe(policyFor(undefined));
  });
});

describe("the content security policy of the recorder's page", () => {
  it('adds the recorder and the host of a watermark to what the meeting page may reach (RC24, RC39)', () => {
    const ofRecorder = recordPageHeaders('127.0.0.1:8080', 'localhost:8443')['content-security-policy']!;
    const ofMeeting = policyFor('127.0.0.1:8080');
    expect(directive(ofRecorder, 'connect-src')).toEqual([
      ...directive(ofMeeting, 'connect-src')!,
      'ws://localhost:8080',
      'https:',
      'http:',
    ]);
    expect(directive(ofRecorder, 'script-src')).toEqual(["'self'"]);
  });
});
