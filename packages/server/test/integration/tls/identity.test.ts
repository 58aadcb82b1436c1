import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type PeerCertificate, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SDK_HOST_PREFIXES } from '../../../src/config/sdk-hosts.js';
import { createAuthority, issueCertificate } from '../../../src/tls/certificates.js';
import { loadTlsIdentity, ownKeyHashes, type TlsIdentity } from '../../../src/tls/identity.js';

const DAY_MS = 86_400_000;
let dataDir: string;
let now: Date;
const clock = { now: () => now };
const load = (baseDomain = 'localhost:8443', tlsCert: string | null = null, tlsKey: string | null = null) =>
  loadTlsIdentity({ dataDir, baseDomain, tlsCert, tlsKey }, clock);

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-tls-'));
  now = new Date();
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

/** Throws what a client that trusts only `ca` would complain about. */
async function handshake(identity: Pick<TlsIdentity, 'cert' | 'key'>, servername: string, ca: string) {
  const server = createServer({ cert: identity.cert, key: identity.key }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername, ca });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate() as PeerCertificate;
  } finally {
    socket.destroy();
    server.close();
  }
}

describe('the certificate made at the first start', () => {
  it.each(['localhost:8443', 'meet.example.com'])(
    'is accepted for all six SDK hosts below %s (S20)',
    async (base) => {
      const identity = await load(base);
      const ca = await readFile(identity.authorityPath!, 'utf8');
      const host = base.replace(':8443', '');
      const names = [host, 'localhost', ...SDK_HOST_PREFIXES.map((prefix) => `${prefix}.${host}`)];
      for (const name of names) await handshake(identity, name, ca);
      await expect(handshake(identity, `other.${host}.evil.test`, ca)).rejects.toThrow(/altnames/);
      // Browsers accept this wildcard, Node does not.
      expect(new X509Certificate(identity.cert).subjectAltName).toContain('DNS:*.localhost');
      expect(new X509Certificate(identity.cert).checkIP('127.0.0.1')).toBe('127.0.0.1');
    },
  );

  it('is known by the hash of its public key, and so is its authority', async () => {
    const { cert } = await load();
    const hash = createHash('sha256').update(
      new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' }),
    );
    const hashes = await ownKeyHashes({ dataDir, tlsCert: null });
    expect(hashes).toHaveLength(2);
    expect(hashes).toContain(hash.digest('base64'));
    expect(await ownKeyHashes({ dataDir, tlsCert: '/etc/own.pem' })).toEqual([]);
  });

  it('comes from an authority whose stolen key opens nothing else', async () => {
    const authority = await createAuthority(['localhost'], now);
    const forged = await issueCertificate(authority, ['bank.example.com'], now);
    await expect(handshake(forged, 'bank.example.com', authority.cert)).rejects.toThrow(/subtree/);
  });

  it('keeps its keys to the owner', async () => {
    await load();
    for (const file of ['ca.key', 'server.key']) {
      expect((await stat(join(dataDir, 'tls', file))).mode & 0o777).toBe(0o600);
    }
  });

  it('is the same at the next start', async () => {
    expect(await load()).toEqual(await load());
  });

  it('is renewed by the same authority before it expires', async () => {
    const first = await load();
    const authority = await readFile(first.authorityPath!, 'utf8');
    now = new Date(now.getTime() + 370 * DAY_MS);
    const second = await load();
    expect(second.cert).not.toBe(first.cert);
    expect(await readFile(second.authorityPath!, 'utf8')).toBe(authority);
    expect(Date.parse(new X509Certificate(second.cert).validTo)).toBeGreaterThan(
      now.getTime() + 300 * DAY_MS,
    );
  });

  it('is made anew, with its authority, for another base domain', async () => {
    const local = await load();
    const authority = await readFile(local.authorityPath!, 'utf8');
    const other = await load('meet.example.com');
    const newAuthority = await readFile(other.authorityPath!, 'utf8');
    expect(newAuthority).not.toBe(authority);
    await handshake(other, 'api.meet.example.com', newAuthority);
  });

  it('is made anew when a file was cut off', async () => {
    await load();
    await writeFile(join(dataDir, 'tls/server.pem'), '-----BEGIN CERT');
    const repaired = await load();
    await handshake(repaired, 'api.localhost', await readFile(repaired.authorityPath!, 'utf8'));
  });
});

describe("a certificate of one's own", () => {
  const path = (name: string) => join(dataDir, name);

  it('is used as it is', async () => {
    const pair = await issueCertificate(await createAuthority(['a.test'], now), ['a.test'], now);
    await writeFile(path('c.pem'), pair.cert);
    await writeFile(path('k.pem'), pair.key);
    expect(await load('a.test', path('c.pem'), path('k.pem'))).toEqual({ ...pair, authorityPath: null });
  });

  it('is refused with one line when it is missing, no PEM, or not of that key', async () => {
    const [one, other] = await Promise.all([
      createAuthority(['a.test'], now),
      createAuthority(['a.test'], now),
    ]);
    await writeFile(path('c.pem'), one.cert);
    await writeFile(path('k.pem'), other.key);
    await writeFile(path('x.pem'), 'x');
    await expect(load('a.test', path('no.pem'), path('k.pem'))).rejects.toThrow(
      /^PARLEY_TLS_CERT: .*no\.pem cannot be read \(ENOENT\)$/,
    );
    await expect(load('a.test', path('x.pem'), path('k.pem'))).rejects.toThrow(/is not a PEM file/);
    await expect(load('a.test', path('c.pem'), path('k.pem'))).rejects.toThrow(
      /^PARLEY_TLS_KEY is not the key of/,
    );
  });
});
