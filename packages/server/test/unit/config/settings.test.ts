import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings, SettingsError, settingsWith } from '../../../src/config/load.js';
import { configurationPage } from '../../../src/config/manual.js';
import { SETTINGS } from '../../../src/config/table.js';

function complaint(env: NodeJS.ProcessEnv, args: string[] = []): string {
  try {
    loadSettings(env, args);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error('The settings were accepted');
}

describe('settings', () => {
  it('have the defaults of a local start', () => {
    expect(loadSettings({}, [])).toMatchObject({
      httpPort: 8080,
      httpsPort: 8443,
      host: '127.0.0.1',
      baseDomain: 'localhost:8443',
      dataDir: resolve('data'),
      databaseUrl: null,
      webhookAllowPrivate: true,
    });
  });

  it('announce loopback first, and every address that is given', () => {
    expect(loadSettings({}, []).mediaIps[0]).toBe('127.0.0.1');
    const env = { PARLEY_MEDIA_IP: '203.0.113.7, 10.0.0.4' };
    expect(loadSettings(env, []).mediaIps).toEqual(['203.0.113.7', '10.0.0.4']);
  });

  it('come from the environment, and flags of the same names win', () => {
    const settings = loadSettings({ PARLEY_HTTP_PORT: '1', PARLEY_HTTPS_PORT: '2' }, [
      '--https-port',
      '3',
      '--host=::1',
    ]);
    expect(settings).toMatchObject({ httpPort: 1, httpsPort: 3, host: '::1', baseDomain: 'localhost:3' });
  });

  it('count an empty value as not given, as compose files write it', () => {
    expect(loadSettings({ PARLEY_TLS_CERT: '', DATABASE_URL: '' }, [])).toEqual(loadSettings({}, []));
  });

  it('keep private webhook targets closed once the server is open to others', () => {
    expect(loadSettings({ PARLEY_HOST: '0.0.0.0' }, []).webhookAllowPrivate).toBe(false);
    expect(loadSettings({ PARLEY_BASE_DOMAIN: 'meet.example.com' }, []).webhookAllowPrivate).toBe(false);
    expect(
      loadSettings({ PARLEY_HOST: '0.0.0.0', PARLEY_WEBHOOK_ALLOW_PRIVATE: '1' }, []).webhookAllowPrivate,
    ).toBe(true);
  });

  it.each([
    [{ PARLEY_HTTP_PORTS: '1' }, [], 'Unknown setting PARLEY_HTTP_PORTS; did you mean PARLEY_HTTP_PORT?'],
    [
      { PARLEY_WEBHOK_ALOW: '1' },
      [],
      'Unknown setting PARLEY_WEBHOK_ALOW; did you mean PARLEY_WEBHOOK_ALLOW_PRIVATE?',
    ],
    [{}, ['--data', 'x'], 'Unknown flag --data; did you mean --data-dir?'],
    [{}, ['--http-port'], '--http-port needs a value'],
    [{}, ['now'], 'Unexpected argument "now"'],
    [{ PARLEY_HTTP_PORT: '80a' }, [], 'PARLEY_HTTP_PORT: "80a" is not a whole number from 1 to 65535'],
    [{}, ['--https-port', '0'], '--https-port: "0" is not a whole number from 1 to 65535'],
    [
      { PARLEY_MEDIA_IP: 'localhost' },
      [],
      'PARLEY_MEDIA_IP: "localhost" is not an IPv4 address that browsers can reach',
    ],
    [
      { PARLEY_BASE_DOMAIN: 'https://x' },
      [],
      'PARLEY_BASE_DOMAIN: "https://x" is not a host name in small letters with an optional port',
    ],
    [
      { PARLEY_API_TOKEN: 'short' },
      [],
      'PARLEY_API_TOKEN: the value is not a token of 8 to 256 visible ASCII characters',
    ],
    [
      { PARLEY_LOG_LEVEL: 'loud' },
      [],
      'PARLEY_LOG_LEVEL: "loud" is not one of trace, debug, info, warn, error, silent',
    ],
    [
      { PARLEY_TURN_URLS: 'stun:x' },
      [],
      'PARLEY_TURN_URLS: "stun:x" is not a list of turn: or turns: addresses, parted by commas',
    ],
    [{ PARLEY_TLS_CERT: 'a.pem' }, [], 'PARLEY_TLS_CERT is set, but PARLEY_TLS_KEY is not'],
    [{ PARLEY_TURN_SECRET: 's' }, [], 'PARLEY_TURN_SECRET is set, but PARLEY_TURN_URLS is not'],
    [{ PARLEY_HTTP_PORT: '8443' }, [], 'PARLEY_HTTP_PORT and PARLEY_HTTPS_PORT are both 8443'],
    [{ PARLEY_RTMP_PORT: '8080' }, [], 'PARLEY_HTTP_PORT and PARLEY_RTMP_PORT are both 8080'],
    [
      { PARLEY_RTMP_PORT: '1935', PARLEY_RTMPS_PORT: '1935' },
      [],
      'PARLEY_RTMP_PORT and PARLEY_RTMPS_PORT are both 1935',
    ],
  ])('refuse %j %j in one line', (env, args, line) => {
    expect(complaint(env, args)).toBe(line);
  });

  it.each([
    'localhost:0',
    'localhost:65536',
    'localhost:',
    'a..b',
    '.a',
    'a-.b',
    'x'.repeat(64),
    'x.'.repeat(127),
  ])('refuse the base domain %s, below which no host could be called', (name) => {
    expect(complaint({ PARLEY_BASE_DOMAIN: name })).toBe(
      `PARLEY_BASE_DOMAIN: "${name}" is not a host name in small letters with an optional port`,
    );
  });

  it.each(['localhost', 'localhost:1', 'meet.example.com:65535', '127.0.0.1:8443'])(
    'accept the base domain %s',
    (name) => {
      expect(loadSettings({ PARLEY_BASE_DOMAIN: name }, []).baseDomain).toBe(name);
    },
  );

  it('never print the password of a database address', () => {
    expect(complaint({ DATABASE_URL: 'mysql://me:hunter2@db/x' })).not.toContain('hunter2');
  });

  it('can be made for a test from the defaults', () => {
    expect(settingsWith({ httpsPort: 9 }).baseDomain).toBe('localhost:9');
  });
});

describe('docs/configuration.md', () => {
  it('is what the table says', () => {
    const page = readFileSync(new URL('../../../../../docs/configuration.md', import.meta.url), 'utf8');
    expect(page, 'run `npm run docs`').toBe(configurationPage());
    for (const row of Object.values(SETTINGS)) expect(page).toContain(row.env);
  });
});
